#include "knowledge/remote/vector_store_corpus.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/io/sha256.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/index/filter_match.h"

namespace atelier {
namespace {

constexpr size_t kHashDigits = 12;
constexpr std::string_view kWithin = "!/";
constexpr size_t kMaxHits = 1000;  // pieces: a result may have several

// "file-1/a.md"; a corpus of another Atelier names its files by their paths alone.
std::string FileName(const StoreHit& hit) {
  const bool is_path = hit.file_id == hit.filename || hit.file_id.ends_with("/" + hit.filename);
  return is_path ? hit.file_id : hit.file_id + "/" + hit.filename;
}

Passage PassageOf(StoreHit hit) {
  Passage passage;
  passage.document_id = FileName(hit) + std::string(kWithin) + Sha256Hex(hit.text).substr(0, kHashDigits);
  passage.chunk_id = passage.document_id;
  passage.title = std::move(hit.filename);
  passage.chunk.span = passage.chunk.shown = {0, static_cast<int64_t>(hit.text.size())};
  passage.text = passage.shown = std::move(hit.text);
  passage.attributes = std::move(hit.attributes);
  return passage;
}

// By what the document is called without the piece of it.
bool Passes(const Filter& filter, const Passage& passage) {
  if (filter.op == Filter::Op::kAll) return true;
  const std::string file = passage.document_id.substr(0, passage.document_id.rfind(kWithin));
  Json attributes = passage.attributes;
  attributes.Set(kDocumentAttribute, file);
  return FilterPasses(filter, DocumentRecordId(file), attributes);
}

}  // namespace

Result<std::unique_ptr<VectorStoreCorpus>> VectorStoreCorpus::Create(UpstreamOptions upstream,
                                                                     VectorStoreCorpusOptions options) {
  TRY(std::unique_ptr<WaitingUpstream> waiting, WaitingUpstream::Create(std::move(upstream), options.limit));
  return std::unique_ptr<VectorStoreCorpus>(new VectorStoreCorpus(std::move(options), std::move(waiting)));
}

CorpusCapabilities VectorStoreCorpus::capabilities() const {
  using C = CorpusCapability;
  return CorpusCapabilities("vector store " + options_.id + " at " + upstream_->name(),
                            {C::kWords, C::kFilters, C::kOwnRanking},
                            {C::kPhrases, C::kLoosePhrases, C::kPrefixes, C::kNearSpellings, C::kFields});
}

Error VectorStoreCorpus::NotAsTheApiSays(const Error& error) const {
  return MalformedReply(upstream_->name(), error.Message());
}

// The words of an upstream are those of models.
Error VectorStoreCorpus::Worded(Error error) const {
  if (error.code == "model_not_found") error.code = "vector_store_not_found";
  return error;
}

Result<std::vector<Found>> VectorStoreCorpus::Search(const CorpusQuery& query) const {
  if (query.text.empty() || !query.vector.empty()) return capabilities().Lacks(CorpusCapability::kVectors, "query");
  if (query.top_k > kMaxStoreResults) {
    return Error::Invalid("top_k", "got " + std::to_string(query.top_k) + ", want at most " +
                                       std::to_string(kMaxStoreResults) + ": a vector store elsewhere gives no more");
  }
  TRY(AskedFilter filter, AskedFilterOf(Filter::And({query.filter, query.visible})));
  if (filter.kind == AskedFilter::Kind::kNothing) return std::vector<Found>();
  Json body = Json::Object({{"query", query.text}, {"max_num_results", query.top_k}});
  if (options_.rewrite_query) body.Set("rewrite_query", true);
  if (filter.kind == AskedFilter::Kind::kSome) body.Set("filters", std::move(filter.json));
  const Result<Json> page = upstream_->Post("/vector_stores/" + options_.id + "/search", std::move(body), query.stop);
  if (!page.ok()) return Worded(page.error());
  Result<std::vector<StoreHit>> hits = ReadSearchPage(*page, kMaxHits);
  if (!hits.ok()) return NotAsTheApiSays(hits.error());
  std::vector<Found> found;
  std::set<std::string> seen;
  for (StoreHit& hit : *hits) {
    const double score = hit.score;
    Passage passage = PassageOf(std::move(hit));
    if (!Passes(query.visible, passage) || !Passes(query.filter, passage)) continue;
    if (!seen.insert(passage.chunk_id).second) continue;
    Found one;
    one.chunk_id = passage.chunk_id;
    one.own_score = score;
    found.push_back(std::move(one));
    excerpts_.Put(std::move(passage));
  }
  std::ranges::stable_sort(found, [](const Found& a, const Found& b) { return *a.own_score > *b.own_score; });
  return found;
}

Result<std::vector<Passage>> VectorStoreCorpus::Passages(const std::vector<std::string>& chunk_ids,
                                                         const Filter& visible) const {
  std::vector<Passage> passages;
  for (const std::string& id : chunk_ids) {
    std::optional<Passage> passage = excerpts_.Find(id);
    if (passage && Passes(visible, *passage)) passages.push_back(std::move(*passage));
  }
  return passages;
}

Result<std::string> VectorStoreCorpus::Read(std::string_view document_id, TextSpan span, const Filter& visible) const {
  const std::optional<Passage> passage = excerpts_.Find(document_id);
  if (!passage || !Passes(visible, *passage)) {
    return Error::NotFound(std::string(document_id), "there is no such piece among those that were returned lately");
  }
  const auto size = static_cast<int64_t>(passage->text.size());
  const int64_t begin = std::clamp<int64_t>(span.begin, 0, size);
  return std::string(TextOf(passage->text, {begin, std::clamp(span.end, begin, size)}));
}

Result<CorpusStats> VectorStoreCorpus::Stats() const {
  const Result<Json> store = upstream_->Get("/vector_stores/" + options_.id, {});
  if (!store.ok()) return Worded(store.error());
  const auto number = [](const Json& value) { return value.is_number() ? value.AsInt64() : std::nullopt; };
  const Json& completed = (*store)["file_counts"]["completed"];
  const std::optional<int64_t> num_files = number(completed);
  if (!num_files) {
    const std::string got = completed.is_null() ? "nothing" : std::string(completed.TypeName());
    return NotAsTheApiSays(Error::Unavailable("file_counts.completed", "got " + got + ", want a whole number"));
  }
  CorpusStats stats;
  stats.num_documents = *num_files;
  stats.bytes_on_disk = number((*store)["usage_bytes"]).value_or(0);
  return stats;
}

Result<void> VectorStoreCorpus::Replace(std::vector<std::string>, std::vector<IndexedDocument>) {
  return capabilities().Lacks(CorpusCapability::kWriting, "corpus");
}

Result<void> VectorStoreCorpus::Touch(std::vector<std::pair<std::string, SourceState>>) {
  return capabilities().Lacks(CorpusCapability::kWriting, "corpus");
}

Result<void> VectorStoreCorpus::SetAttributes(std::string_view, const Json&) {
  return capabilities().Lacks(CorpusCapability::kWriting, "corpus");
}

Result<std::vector<DocumentListing>> VectorStoreCorpus::List(const Filter&, const Filter&, std::string_view,
                                                             int32_t) const {
  return capabilities().Lacks(CorpusCapability::kListing, "documents");
}

Result<std::vector<std::pair<std::string, std::vector<float>>>> VectorStoreCorpus::Vectors(std::string_view) const {
  return capabilities().Lacks(CorpusCapability::kVectors, "vectors");
}

}  // namespace atelier
