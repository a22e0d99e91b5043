#include "knowledge/corpus/corpus_export.h"

#include <utility>

#include "knowledge/corpus/chunk_extras.h"
#include "knowledge/corpus/corpus_record.h"

namespace atelier {
namespace {

Json SpanJson(TextSpan span) { return Json::Array({span.begin, span.end}); }

Result<Json> DocumentLine(const IndexRecord& record) {
  TRY(DocumentListing listing, ListingOf(record));
  const SourceState& file = listing.source;
  return Json::Object({{"kind", "document"},
                       {"id", listing.id},
                       {"source", listing.source_id},
                       {"title", listing.title},
                       {"media_type", listing.media_type},
                       {"attributes", std::move(listing.attributes)},
                       {"file", Json::Object({{"bytes", file.size},
                                              {"modified_ns", file.modified_ns},
                                              {"hashed_ns", file.hashed_ns},
                                              {"sha256", file.sha256}})},
                       {"text", record.payload}});
}

Result<Json> ChunkLine(const IndexRecord& record, std::string text, const Json& vector) {
  TRY(Passage passage, PassageOf(record));
  const Chunk& chunk = passage.chunk;
  Json line = Json::Object({{"kind", "chunk"},
                            {"document", passage.document_id},
                            {"source", record.attributes[kSourceAttribute]},
                            {"index", passage.chunk_index},
                            {"span", SpanJson(chunk.span)},
                            {"shown", SpanJson(chunk.shown)},
                            {"pages", Json::Array({chunk.first_page, chunk.last_page})},
                            {"headings", Json(chunk.heading_path)},
                            {"context", chunk.context},
                            {"attributes", std::move(passage.attributes)},
                            {"hash", record.attributes[kHashAttribute]},
                            {"text", std::move(text)}});
  if (Json extras = ExtrasOf(chunk); extras.size() > 0) line.Set("extras", std::move(extras));
  if (!vector.is_null()) line.Set("vector", vector);
  return line;
}

}  // namespace

Result<void> ExportCorpus(const HybridIndex& index, bool with_vectors,
                          const std::function<Result<void>(const Json& line)>& visit) {
  return index.Export([&](const Json& exported) -> Result<void> {
    IndexRecord record;
    record.id = exported["id"].AsString();
    record.attributes = exported["attributes"];
    const Json* payload = exported.Find("payload");
    if (payload == nullptr) return Error::Corrupt(record.id, "got a payload that is no text");
    record.payload = payload->AsString();
    if (record.attributes[kKindAttribute] == Json("document")) {
      TRY(const Json line, DocumentLine(record));
      return visit(line);
    }
    std::string body;
    for (const Json& text : exported["texts"].items()) {
      if (text["field"] == Json("body")) body = text["text"].AsString();
    }
    const Json* vector = with_vectors ? exported.Find("vector") : nullptr;
    TRY(const Json line, ChunkLine(record, std::move(body), vector != nullptr ? *vector : Json()));
    return visit(line);
  });
}

}  // namespace atelier
