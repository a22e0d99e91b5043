#include "knowledge/corpus/local_corpus.h"

#include <limits>
#include <map>
#include <utility>

#include "knowledge/corpus/corpus_record.h"

namespace atelier {
namespace {

constexpr int32_t kAll = std::numeric_limits<int32_t>::max();

Filter Equals(std::string_view key, std::string_view value) {
  Filter filter;
  filter.op = Filter::Op::kEq;
  filter.key = key;
  filter.values = {Json(value)};
  return filter;
}

Filter Both(Filter a, Filter b) {
  Filter filter;
  filter.op = Filter::Op::kAnd;
  filter.parts = {std::move(a), std::move(b)};
  return filter;
}

}  // namespace

Result<std::unique_ptr<LocalCorpus>> LocalCorpus::Open(Files& files, const std::string& folder,
                                                       LocalCorpusOptions options) {
  TRY(std::unique_ptr<HybridIndex> index,
      HybridIndex::Open(files, folder, CorpusSchema(options.embedder, options.dimensions, options.language)));
  return std::make_unique<LocalCorpus>(std::move(index), std::move(options));
}

Result<std::unique_ptr<LocalCorpus>> LocalCorpus::Follow(Files& files, const std::string& folder) {
  TRY(std::unique_ptr<HybridIndex> index, HybridIndex::Follow(files, folder));
  const IndexSchema& schema = index->schema();
  LocalCorpusOptions options;
  options.embedder = schema.embedder, options.dimensions = schema.dimensions, options.language = schema.language;
  return std::make_unique<LocalCorpus>(std::move(index), std::move(options));
}

LocalCorpus::LocalCorpus(std::unique_ptr<HybridIndex> index, LocalCorpusOptions options)
    : index_(std::move(index)), options_(std::move(options)) {}

Result<std::vector<std::string>> LocalCorpus::RecordsFrom(std::string_view source_id) const {
  return index_->List(Equals(kSourceAttribute, source_id), {}, "", kAll);
}

Result<void> LocalCorpus::Replace(std::vector<std::string> sources, std::vector<IndexedDocument> documents) {
  IndexBatch batch;
  for (const std::string& source : sources) {
    TRY(const std::vector<std::string> ids, RecordsFrom(source));
    batch.removed.insert(batch.removed.end(), ids.begin(), ids.end());
  }
  for (IndexedDocument& document : documents) {
    std::vector<IndexRecord> records = RecordsOf(std::move(document));
    for (IndexRecord& record : records) batch.put.push_back(std::move(record));
  }
  return index_->Apply(std::move(batch));
}

Result<void> LocalCorpus::Touch(std::vector<std::pair<std::string, SourceState>> sources) {
  IndexBatch batch;
  for (const auto& [source_id, state] : sources) {
    const Filter documents = Both(Equals(kSourceAttribute, source_id), Equals(kKindAttribute, "document"));
    TRY(const std::vector<std::string> ids, index_->List(documents, {}, "", kAll));
    for (const std::string& id : ids) {
      TRY(std::optional<IndexRecord> record, index_->Get(id, {}));
      if (!record) continue;
      SetSourceState(*record, state);
      batch.put.push_back(std::move(*record));
    }
  }
  return index_->Apply(std::move(batch));
}

Result<void> LocalCorpus::SetAttributes(std::string_view source_id, const Json& attributes) {
  IndexBatch batch;
  TRY(const std::vector<std::string> ids, RecordsFrom(source_id));
  for (const std::string& id : ids) {
    TRY(std::optional<IndexRecord> record, index_->Get(id, {}));
    if (!record) continue;
    TRY(std::optional<std::vector<float>> vector, index_->GetVector(id));
    if (vector) record->vector = std::move(*vector);
    SetOwnAttributes(*record, attributes);
    batch.put.push_back(std::move(*record));
  }
  return index_->Apply(std::move(batch));
}

Result<std::vector<Found>> LocalCorpus::Search(const CorpusQuery& query) const {
  IndexQuery asked;
  asked.text = query.text;
  asked.vector = query.vector;
  asked.filter = query.filter;
  asked.visible = query.visible;
  asked.top_k = query.top_k;
  TRY(const IndexHits hits, index_->Search(asked));
  std::vector<Found> found;
  std::map<std::string_view, size_t> places;
  for (const IndexHit& hit : hits.by_text) {
    places.emplace(hit.id, found.size());
    found.push_back({hit.id, hit.score, {}});
  }
  for (const IndexHit& hit : hits.by_vector) {
    const auto place = places.find(hit.id);
    if (place != places.end()) {
      found[place->second].vector_score = hit.score;
    } else {
      found.push_back({hit.id, {}, hit.score});
    }
  }
  return found;
}

CorpusCapabilities LocalCorpus::capabilities() const {
  using C = CorpusCapability;
  CorpusCapabilities all(
      "an index on this machine",
      {C::kWords, C::kPhrases, C::kLoosePhrases, C::kPrefixes, C::kNearSpellings, C::kFields, C::kVectors, C::kFilters,
       C::kGlobs, C::kVisibleStatistics, C::kFacets, C::kListing, C::kSuggestions, C::kTexts, C::kWriting,
       C::kVerifying, C::kExport, C::kSnapshots, C::kReembedding});
  return options_.dimensions > 0 ? all : std::move(all).Without(C::kVectors);
}

Result<std::vector<Facet>> LocalCorpus::Facets(std::string_view text, const Filter& filter, const Filter& visible,
                                               const std::vector<std::string>& keys, int32_t max_values) const {
  IndexQuery asked;
  asked.text = text;
  asked.filter = Both(Equals(kKindAttribute, "chunk"), filter);
  asked.visible = visible;
  asked.top_k = 1;
  asked.facets = keys;
  asked.max_facet_values = max_values;
  TRY(IndexHits hits, index_->Search(asked));
  std::vector<Facet> facets;
  for (IndexFacet& counted : hits.facets) {
    Facet facet;
    facet.key = std::move(counted.key);
    for (FacetCount& one : counted.values) facet.values.emplace_back(std::move(one.value), one.count);
    facets.push_back(std::move(facet));
  }
  return facets;
}

Result<std::vector<Suggestion>> LocalCorpus::Suggest(std::string_view typed, const Filter& visible,
                                                     int32_t limit) const {
  TRY(std::vector<IndexSuggestion> found, index_->Suggest(typed, visible, limit));
  std::vector<Suggestion> suggestions;
  for (IndexSuggestion& one : found) suggestions.push_back({std::move(one.text), one.num_records});
  return suggestions;
}

Result<std::vector<Passage>> LocalCorpus::Passages(const std::vector<std::string>& chunk_ids,
                                                   const Filter& visible) const {
  std::vector<Passage> passages;
  for (const std::string& id : chunk_ids) {
    TRY(const std::optional<IndexRecord> record, index_->Get(id, visible));
    if (!record) continue;
    TRY(Passage passage, PassageOf(*record));
    // Between the two reads the document may have been replaced; then the chunk is gone too.
    Result<std::string> shown = Read(passage.document_id, passage.chunk.shown, visible);
    if (!shown.ok()) continue;
    passage.shown = std::move(*shown);
    const TextSpan span = passage.chunk.span, around = passage.chunk.shown;
    if (span.begin < around.begin || span.end > around.begin + static_cast<int64_t>(passage.shown.size())) continue;
    passage.text = TextOf(passage.shown, {span.begin - around.begin, span.end - around.begin});
    if (passage.chunk.sums_up) passage.shown = passage.chunk.context;
    passages.push_back(std::move(passage));
  }
  return passages;
}

Result<std::string> LocalCorpus::Read(std::string_view document_id, TextSpan span, const Filter& visible) const {
  TRY(std::optional<std::string> text,
      index_->GetPayload(DocumentRecordId(document_id), span.begin, span.end, visible));
  if (!text) return Error::NotFound(std::string(document_id), "there is no such document");
  return std::move(*text);
}

Result<std::vector<DocumentListing>> LocalCorpus::List(const Filter& filter, const Filter& visible,
                                                       std::string_view after, int32_t limit) const {
  const std::string after_record = after.empty() ? "" : DocumentRecordId(after);
  TRY(const std::vector<std::string> ids,
      index_->List(Both(Equals(kKindAttribute, "document"), filter), visible, after_record, limit));
  std::vector<DocumentListing> listings;
  for (const std::string& id : ids) {
    TRY(const std::optional<Json> attributes, index_->GetAttributes(id, visible));
    if (!attributes) continue;
    IndexRecord record;
    record.id = id;
    record.attributes = *attributes;
    TRY(DocumentListing listing, ListingOf(record));
    listings.push_back(std::move(listing));
  }
  return listings;
}

Result<std::vector<std::pair<std::string, std::vector<float>>>> LocalCorpus::Vectors(std::string_view source_id) const {
  std::vector<std::pair<std::string, std::vector<float>>> vectors;
  TRY(const std::vector<std::string> ids, RecordsFrom(source_id));
  for (const std::string& id : ids) {
    TRY(const std::optional<Json> attributes, index_->GetAttributes(id, {}));
    const Json* hash = attributes ? attributes->Find(kHashAttribute) : nullptr;
    if (hash == nullptr || !hash->is_string()) continue;
    TRY(std::optional<std::vector<float>> vector, index_->GetVector(id));
    if (vector) vectors.emplace_back(hash->AsString(), std::move(*vector));
  }
  return vectors;
}

Result<std::vector<std::vector<float>>> LocalCorpus::ChunkVectors(const std::vector<std::string>& chunk_ids) const {
  std::vector<std::vector<float>> vectors(chunk_ids.size());
  for (size_t i = 0; i < chunk_ids.size(); ++i) {
    TRY(std::optional<std::vector<float>> vector, index_->GetVector(chunk_ids[i]));
    if (vector) vectors[i] = std::move(*vector);
  }
  return vectors;
}

Result<CorpusStats> LocalCorpus::Stats() const {
  CorpusStats stats;
  TRY(stats.num_documents, index_->Count(Equals(kKindAttribute, "document"), {}));
  TRY(const int64_t num_chunks, index_->Count(Equals(kKindAttribute, "chunk"), {}));
  stats.num_chunks = num_chunks;
  TRY(const IndexStats index, index_->Stats());
  stats.bytes_on_disk = index.segment_bytes + index.log_bytes;
  return stats;
}

}  // namespace atelier
