#include <algorithm>

#include "base/io/files.h"
#include "knowledge/load/load_context.h"
#include "knowledge/load/loader.h"
#include "knowledge/load/text_encoding.h"

namespace atelier {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string LowerName(std::string_view id) {
  // "a.zip!/b.md" is named b.md.
  std::string name(NameOf(id));
  std::ranges::transform(name, name.begin(), Lower);
  return name;
}

Claim ClaimOf(const LoaderEntry& entry, std::string_view bytes) {
  return entry.recognises == nullptr ? Claim::kNo : entry.recognises(bytes);
}

const LoaderEntry* ByName(std::string_view name) {
  // The longest extension that fits: ".tar.gz" before ".gz".
  const LoaderEntry* best = nullptr;
  size_t best_length = 0;
  for (const LoaderEntry* entry : Loaders()) {
    for (const std::string_view extension : entry->extensions) {
      const bool fits =
          extension.starts_with('.') ? name.size() > extension.size() && name.ends_with(extension) : name == extension;
      if (fits && extension.size() > best_length) {
        best = entry;
        best_length = extension.size();
      }
    }
  }
  return best;
}

const LoaderEntry* ByContent(std::string_view bytes, Claim claim) {
  for (const LoaderEntry* entry : Loaders()) {
    if (ClaimOf(*entry, bytes) == claim) return entry;
  }
  return nullptr;
}

const LoaderEntry* ByMediaType(std::string_view type) {
  type = type.substr(0, type.find(';'));
  for (const LoaderEntry* entry : Loaders()) {
    if (!type.empty() && std::ranges::find(entry->media_types, type) != entry->media_types.end()) return entry;
  }
  return nullptr;
}

const LoaderEntry* Named(std::string_view name) {
  const auto table = Loaders();
  const auto found = std::ranges::find(table, name, &LoaderEntry::name);
  CHECK(found != table.end());
  return *found;
}

}  // namespace

std::string ExtensionOf(std::string_view name) {
  const std::string lower = LowerName(name);
  const size_t dot = lower.rfind('.');
  return dot == std::string::npos || dot == 0 ? std::string() : lower.substr(dot);
}

Result<const LoaderEntry*> FindLoader(const Source& source) {
  const std::string_view bytes = source.bytes;
  const bool is_text = LooksLikeText(bytes);
  const auto may_be = [&](const LoaderEntry* entry) {
    return entry != nullptr && ((entry->is_text && is_text) || ClaimOf(*entry, bytes) != Claim::kNo);
  };
  const LoaderEntry* named = ByName(LowerName(source.id));
  const LoaderEntry* certain = ByContent(bytes, Claim::kCertain);
  if (certain != nullptr && !certain->is_text && named != nullptr && named->is_text) return certain;
  if (may_be(named)) return named;
  if (named != nullptr && bytes.empty()) return named;  // says that it is empty
  if (certain != nullptr) return certain;
  if (const LoaderEntry* told = ByMediaType(source.media_type); may_be(told)) return told;
  if (const LoaderEntry* possible = ByContent(bytes, Claim::kPossible)) return possible;
  if (is_text) return Named("plain_text");
  if (named != nullptr) return named;  // its own error says what is wrong with the content
  return Error::Unsupported(source.id, "got content of a kind that no loader here reads");
}

Result<void> LoadContext::SpendText(int64_t bytes) {
  text_bytes_ += bytes;
  if (text_bytes_ <= limits().text_bytes) return {};
  return Error::TooLarge({}, "the text is above the limit of " + std::to_string(limits().text_bytes) + " bytes");
}

Result<void> LoadContext::SpendExpanded(int64_t bytes) {
  expanded_bytes_ += bytes;
  if (expanded_bytes_ <= limits().expanded_bytes) return {};
  return Error::TooLarge({}, "it unpacks to more than " + std::to_string(limits().expanded_bytes) + " bytes");
}

Result<void> LoadContext::SpendMember() {
  if (++members_ <= limits().members) return {};
  return Error::TooLarge({}, "it holds more than " + std::to_string(limits().members) + " files");
}

bool LoadContext::TakeOcrPage() {
  if (ocr_pages_ >= limits().ocr_pages) return false;
  ++ocr_pages_;
  return true;
}

Result<void> LoadContext::CheckStop() const {
  if (stopped()) return Error::Cancelled({}, "stopped on request");
  return {};
}

namespace {

Result<std::vector<Document>> LoadWith(const Source& source, LoadContext& context) {
  TRY_VOID(context.CheckStop());
  TRY(const LoaderEntry* const loader, FindLoader(source));
  const int64_t text_before = context.text_left();
  TRY(auto documents, loader->load(source, context));
  int64_t text_bytes = 0;
  for (Document& document : documents) {
    text_bytes += static_cast<int64_t>(document.text.size());
    if (document.id.empty()) document.id = source.id;
    if (document.media_type.empty()) document.media_type = loader->media_types.front();
    if (document.attributes.is_null()) document.attributes = Json::Object();
  }
  // What members have brought is counted already.
  TRY_VOID(context.SpendText(std::max<int64_t>(0, text_bytes - (text_before - context.text_left()))));
  return documents;
}

// Whether nothing more can be loaded of the whole source.
bool EndsAll(const Error& error, const LoadContext& context) {
  return context.stopped() || context.text_left() < 0 || error.kind == ErrorKind::kCancelled;
}

}  // namespace

Result<std::vector<Document>> LoadContext::LoadMember(const Source& member) {
  if (depth_ + 1 > limits().depth) {
    Skip(Error::TooLarge(member.id, "lies deeper than " + std::to_string(limits().depth) + " files within each other"));
    return std::vector<Document>();
  }
  ++depth_;
  auto documents = LoadWith(member, *this);
  --depth_;
  if (documents.ok()) return documents;
  if (EndsAll(documents.error(), *this)) return documents;
  Error error = std::move(documents).error();
  Skip(error.where.starts_with(member.id) ? std::move(error) : std::move(error).Under(member.id));
  return std::vector<Document>();
}

Result<std::vector<Document>> LoadDocuments(const Source& source, const LoadOptions& options) {
  if (static_cast<int64_t>(source.bytes.size()) > options.limits.source_bytes) {
    return Error::TooLarge(source.id, "got " + std::to_string(source.bytes.size()) + " bytes, want at most " +
                                          std::to_string(options.limits.source_bytes));
  }
  LoadContext context(options);
  auto documents = LoadWith(source, context);
  if (documents.ok()) return documents;
  Error error = std::move(documents).error();
  return error.where.starts_with(source.id) ? std::move(error) : std::move(error).Under(source.id);
}

}  // namespace atelier
