// JSON, and JSON lines: readable text, "key: value" a line, what is within indented. Items of an array that is the
// whole document, and lines of JSONL, are messages.
#include <algorithm>
#include <array>

#include "base/text/unicode.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr std::array<std::string_view, 4> kExtensions{".json", ".jsonl", ".ndjson", ".geojson"};
constexpr std::array<std::string_view, 2> kMediaTypes{"application/json", "application/jsonl"};
constexpr size_t kMaxTreeBytes = 64 << 20;  // of one value; its tree takes some ten times as much

bool IsPlain(const Json& value) { return !value.is_array() && !value.is_object(); }

std::string PlainText(const Json& value) {
  return value.is_string() ? value.AsString() : value.is_null() ? "" : value.Dump();
}

class Writer {
 public:
  explicit Writer(DocumentBuilder& out) : out_(out) {}

  void Value(const Json& value, int depth) {
    if (value.is_object()) {
      for (const JsonMember& member : value.members()) Member(member.key, member.value, depth);
    } else if (value.is_array()) {
      for (const Json& item : value.items()) Item(item, depth);
    } else {
      Line(depth, PlainText(value));
    }
  }

 private:
  void Member(const std::string& key, const Json& value, int depth) {
    const bool list = value.is_array() && !value.empty() && std::ranges::all_of(value.items(), IsPlain);
    if (IsPlain(value)) {
      const std::string text = PlainText(value);
      if (!text.empty()) Line(depth, key + ": " + text);
    } else if (list) {
      std::string text = key + ": ";
      for (const Json& item : value.items())
        text.append(&item == value.items().data() ? "" : ", ").append(PlainText(item));
      Line(depth, text);
    } else if (!value.empty()) {
      Line(depth, key + ":");
      Value(value, depth + 1);
    }
  }
  void Item(const Json& item, int depth) {
    if (IsPlain(item)) return Line(depth, "- " + PlainText(item));
    Line(depth, "-");
    Value(item, depth + 1);
  }
  void Line(int depth, std::string_view text) {
    out_.Break(1);
    out_.Raw(std::string(static_cast<size_t>(2 * std::min(depth, 16)), ' ').append(text));
    out_.Break(1);
  }

  DocumentBuilder& out_;
};

void Message(const Json& value, int64_t number, DocumentBuilder& out) {
  out.Begin(Kind::kMessage, static_cast<int32_t>(std::min<int64_t>(number, INT32_MAX)));
  Writer(out).Value(value, 0);
  out.End();
}

// Errors where no line could be read.
Result<void> Lines(std::string_view text, const std::string& id, LoadContext& context, DocumentBuilder& out) {
  int64_t number = 0, read = 0;
  std::optional<Error> first_fault;
  for (size_t at = 0; at < text.size() && !out.over_limit();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = Trim(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    const auto value =
        line.size() > kMaxTreeBytes ? Result<Json>(Error::TooLarge({}, "the line is too long")) : Json::Parse(line);
    if (value.ok()) {
      Message(*value, ++read, out);
      continue;
    }
    Error fault = Error::Invalid("line " + std::to_string(number), value.error().what);
    if (!first_fault) first_fault = fault;
    context.Skip(std::move(fault).Under(id));
  }
  if (read == 0 && first_fault) return *first_fault;
  return {};
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(Document document, TextDocument(source, context));
  const std::string text = std::move(document.text);
  const std::string extension = ExtensionOf(source.id);
  DocumentBuilder builder(context.text_left());
  // Several values, one a line, are lines whatever the name.
  const bool lines = extension == ".jsonl" || extension == ".ndjson";
  auto value =
      lines || text.size() > kMaxTreeBytes
          ? Result<Json>(Error::TooLarge({}, "got " + std::to_string(text.size()) + " bytes of JSON, want at most " +
                                                 std::to_string(kMaxTreeBytes)))
          : Json::Parse(text);
  const std::string_view first = std::string_view(text).substr(0, text.find('\n'));
  if (Trim(text).empty()) {
    if (!lines) return Error::Invalid({}, "got an empty text, want JSON");
  } else if (lines ||
             (!value.ok() && first.size() < text.size() && first.starts_with('{') && Json::Parse(first).ok())) {
    TRY_VOID(Lines(text, source.id, context, builder));
    document.media_type = "application/jsonl";
  } else if (!value.ok()) {
    return std::move(value).error();
  } else if (value->is_array() && !value->empty()) {
    int64_t number = 0;
    for (const Json& item : value->items()) Message(item, ++number, builder);
  } else {
    Writer(builder).Value(*value, 0);
  }
  TRY_VOID(builder.Take(document));
  if (document.media_type.empty()) document.media_type = "application/json";
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_json;
const LoaderEntry load_json{"json", kExtensions, kMediaTypes, true, nullptr, Load};

}  // namespace atelier
