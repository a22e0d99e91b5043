// How a corpus on a HybridIndex keeps its documents: one record of a document's whole text, and one of each chunk.
//
//   document  id "d/" + document id. Payload: the text. Attributes: the document's own, and those named below.
//   chunk     id "c/" + document id + "#" + 6 digits of its place. Texts: body, title, headings, context. Payload: a
//   JSON
//             object of spans, pages, headings, title, context. Attributes: the document's own, @document, @hash.
//
// Names that begin with "@" are the corpus's: a document's own attributes of such names are refused before they come
// here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "knowledge/index/hybrid_index.h"

namespace atelier {

// Of every record.
inline constexpr std::string_view kDocumentAttribute = "@document";  // the document's id: what globs are matched with
inline constexpr std::string_view kSourceAttribute = "@source";      // source_id
inline constexpr std::string_view kKindAttribute = "@kind";          // "document" or "chunk"
// Of chunks.
inline constexpr std::string_view kHashAttribute = "@hash";

std::string DocumentRecordId(std::string_view document_id);
std::string ChunkRecordId(std::string_view document_id, size_t chunk_index);

// The fields of a corpus's index.
std::vector<FieldOptions> CorpusFields();

IndexSchema CorpusSchema(std::string embedder, int32_t dimensions, std::string language);

std::vector<IndexRecord> RecordsOf(IndexedDocument document);
// Those that are not the corpus's.
void SetOwnAttributes(IndexRecord& record, const Json& attributes);
// Of a document's record.
void SetSourceState(IndexRecord& record, const SourceState& state);
// Errors: kCorrupt for what RecordsOf does not write.
Result<DocumentListing> ListingOf(const IndexRecord& record);
// All but text and shown, which are the document's.
Result<Passage> PassageOf(const IndexRecord& record);

}  // namespace atelier
