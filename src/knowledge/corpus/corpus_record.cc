#include "knowledge/corpus/corpus_record.h"

#include <cstdio>
#include <utility>

#include "base/text/describe_json.h"
#include "knowledge/corpus/chunk_extras.h"

namespace atelier {
namespace {

constexpr char kOwnPrefix = '@';

// What a document's record says beside its own attributes. All are texts but $chunks: a column of numbers holds
// doubles, which have too few digits for times.
constexpr std::string_view kTitle = "@title", kMediaType = "@media_type", kSize = "@size", kModified = "@modified",
                           kSha256 = "@sha256", kHashed = "@hashed", kChunks = "@chunks", kBytes = "@bytes";

struct ChunkPayload {
  std::vector<int64_t> span, shown, pages;
  std::vector<std::string> headings;
  std::string context, title;
  Json extras;
  int32_t index = 0;
  static Fields Describe();
};

Fields ChunkPayload::Describe() {
  using P = ChunkPayload;
  static constexpr Field fields[] = {
      Key<&P::span>("span", "[begin, end) in the document's text").Required(),
      Key<&P::shown>("shown", "what is read where the chunk is found").Required(),
      Key<&P::pages>("pages", "first and last").Required(),
      Key<&P::headings>("headings", "outermost first"),
      Key<&P::context>("context", "said before the text"),
      Key<&P::title>("title", "of the document"),
      Key<&P::index>("index", "among the document's chunks"),
      Key<&P::extras>("extras", "what few chunks have (chunk_extras.h)"),
  };
  return fields;
}

Result<TextSpan> ReadSpan(const char* name, const std::vector<int64_t>& ends) {
  if (ends.size() != 2 || ends[0] < 0 || ends[0] > ends[1]) {
    return Error::Corrupt(name, "got " + Json(ends).Dump() + ", want [begin, end]");
  }
  return TextSpan{ends[0], ends[1]};
}

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : std::string(between)) + part;
  return joined;
}

Json Merged(const Json& own, const Json& ours) {
  Json merged = own.is_object() ? own : Json::Object();
  for (const JsonMember& member : ours.members()) merged.Set(member.key, member.value);
  return merged;
}

Json OwnAttributes(const Json& attributes) {
  Json own = Json::Object();
  for (const JsonMember& member : attributes.members()) {
    if (member.key.empty() || member.key[0] != kOwnPrefix) own.Set(member.key, member.value);
  }
  return own;
}

IndexRecord ChunkRecord(const IndexedDocument& document, IndexedDocument::Part part, size_t index) {
  const Chunk& chunk = part.chunk;
  IndexRecord record;
  record.id = ChunkRecordId(document.document.id, index);
  // A summary is found by what it says, and the text below it by its own chunks.
  if (!chunk.sums_up) record.texts.push_back({"body", std::string(TextOf(document.document.text, chunk.span))});
  if (!document.document.title.empty()) record.texts.push_back({"title", document.document.title});
  if (!chunk.heading_path.empty()) record.texts.push_back({"headings", Joined(chunk.heading_path, "\n")});
  if (!chunk.context.empty()) record.texts.push_back({"context", chunk.context});
  record.vector = std::move(part.vector);
  record.attributes = Merged(document.document.attributes, Json::Object({{kKindAttribute, "chunk"},
                                                                         {kDocumentAttribute, document.document.id},
                                                                         {kSourceAttribute, document.source_id},
                                                                         {kHashAttribute, part.hash}}));
  ChunkPayload payload;
  payload.span = {chunk.span.begin, chunk.span.end};
  payload.shown = {chunk.shown.begin, chunk.shown.end};
  payload.pages = {chunk.first_page, chunk.last_page};
  payload.headings = chunk.heading_path;
  payload.context = chunk.context;
  payload.title = document.document.title;
  payload.index = static_cast<int32_t>(index);
  if (Json extras = ExtrasOf(chunk); extras.size() > 0) payload.extras = std::move(extras);
  record.payload = WriteJson(payload).Dump();
  return record;
}

// A text among the attributes of a document's record.
Result<std::string> TextAttribute(const IndexRecord& record, std::string_view key) {
  const Json& value = record.attributes[key];
  if (!value.is_string()) {
    return Error::Corrupt(record.id + ": " + std::string(key),
                          "got " + std::string(value.TypeName()) + ", want a text");
  }
  return value.AsString();
}

Result<int64_t> WholeAttribute(const IndexRecord& record, std::string_view key) {
  TRY(const std::string text, TextAttribute(record, key));
  const Result<Json> number = Json::Parse(text);
  const std::optional<int64_t> value = number.ok() && number->is_number() ? number->AsInt64() : std::nullopt;
  if (!value) return Error::Corrupt(record.id + ": " + std::string(key), "got \"" + text + "\", want a whole number");
  return *value;
}

}  // namespace

std::string DocumentRecordId(std::string_view document_id) { return "d/" + std::string(document_id); }

std::string ChunkRecordId(std::string_view document_id, size_t chunk_index) {
  char place[24];
  std::snprintf(place, sizeof place, "#%06zu", chunk_index);
  return "c/" + std::string(document_id) + place;
}

std::vector<FieldOptions> CorpusFields() { return {{"body", 1}, {"title", 1}, {"headings", 1}, {"context", 1}}; }

IndexSchema CorpusSchema(std::string embedder, int32_t dimensions, std::string language) {
  IndexSchema schema;
  schema.fields = CorpusFields();
  schema.embedder = std::move(embedder), schema.dimensions = dimensions, schema.language = std::move(language);
  return schema;
}

std::vector<IndexRecord> RecordsOf(IndexedDocument document) {
  const size_t num_chunks = document.parts.size();
  std::vector<IndexRecord> records;
  records.reserve(num_chunks + 1);
  for (size_t i = 0; i < num_chunks; ++i) records.push_back(ChunkRecord(document, std::move(document.parts[i]), i));
  IndexRecord whole;
  whole.id = DocumentRecordId(document.document.id);
  whole.attributes =
      Merged(document.document.attributes, Json::Object({{kKindAttribute, "document"},
                                                         {kDocumentAttribute, document.document.id},
                                                         {kSourceAttribute, document.source_id},
                                                         {kTitle, document.document.title},
                                                         {kMediaType, document.document.media_type},
                                                         {kSize, std::to_string(document.source.size)},
                                                         {kModified, std::to_string(document.source.modified_ns)},
                                                         {kSha256, document.source.sha256},
                                                         {kChunks, std::to_string(num_chunks)},
                                                         {kBytes, std::to_string(document.document.text.size())}}));
  SetSourceState(whole, document.source);
  whole.payload = std::move(document.document.text);
  records.push_back(std::move(whole));
  return records;
}

void SetOwnAttributes(IndexRecord& record, const Json& attributes) {
  Json merged = attributes.is_object() ? attributes : Json::Object();
  for (const JsonMember& member : record.attributes.members()) {
    if (!member.key.empty() && member.key[0] == kOwnPrefix) merged.Set(member.key, member.value);
  }
  record.attributes = std::move(merged);
}

void SetSourceState(IndexRecord& record, const SourceState& state) {
  record.attributes.Set(kSize, std::to_string(state.size));
  record.attributes.Set(kModified, std::to_string(state.modified_ns));
  record.attributes.Set(kHashed, std::to_string(state.hashed_ns));
  record.attributes.Set(kSha256, state.sha256);
}

Result<DocumentListing> ListingOf(const IndexRecord& record) {
  DocumentListing listing;
  TRY(listing.id, TextAttribute(record, kDocumentAttribute));
  TRY(listing.source_id, TextAttribute(record, kSourceAttribute));
  TRY(listing.title, TextAttribute(record, kTitle));
  TRY(listing.media_type, TextAttribute(record, kMediaType));
  TRY(listing.source.size, WholeAttribute(record, kSize));
  TRY(listing.source.modified_ns, WholeAttribute(record, kModified));
  TRY(listing.source.hashed_ns, WholeAttribute(record, kHashed));
  TRY(listing.source.sha256, TextAttribute(record, kSha256));
  TRY(listing.num_chunks, WholeAttribute(record, kChunks));
  TRY(listing.num_bytes, WholeAttribute(record, kBytes));
  listing.attributes = OwnAttributes(record.attributes);
  return listing;
}

Result<Passage> PassageOf(const IndexRecord& record) {
  TRY(const Json json, Json::Parse(record.payload));
  Result<ChunkPayload> payload = ReadJson<ChunkPayload>(json);
  if (!payload.ok()) return Error::Corrupt(record.id, payload.error().Message());
  Passage passage;
  passage.chunk_id = record.id;
  TRY(passage.document_id, TextAttribute(record, kDocumentAttribute));
  passage.title = std::move(payload->title);
  passage.chunk_index = payload->index;
  TRY(passage.chunk.span, ReadSpan("span", payload->span));
  TRY(passage.chunk.shown, ReadSpan("shown", payload->shown));
  if (payload->pages.size() != 2) return Error::Corrupt(record.id + ": pages", "got " + Json(payload->pages).Dump());
  passage.chunk.first_page = static_cast<int32_t>(payload->pages[0]);
  passage.chunk.last_page = static_cast<int32_t>(payload->pages[1]);
  passage.chunk.heading_path = std::move(payload->headings);
  passage.chunk.context = std::move(payload->context);
  TRY_VOID(ReadExtras(record.id, payload->extras, passage.chunk));
  passage.attributes = OwnAttributes(record.attributes);
  return passage;
}

}  // namespace atelier
