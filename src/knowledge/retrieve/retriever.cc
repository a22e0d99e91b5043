#include "knowledge/retrieve/retriever.h"

#include <algorithm>
#include <map>
#include <utility>

#include "knowledge/retrieve/embedder_profile.h"
#include "knowledge/retrieve/fusion.h"

namespace atelier {
namespace {

std::vector<std::string> IdsOf(const std::vector<Ranked>& ranked) {
  std::vector<std::string> ids;
  for (const Ranked& one : ranked) ids.push_back(one.chunk_id);
  return ids;
}

// Searches, fuses, and fetches the texts of the best.
Result<std::vector<Passage>> BestPassages(const Corpus& corpus, const CorpusQuery& query, const FusionConfig& fusion,
                                          int32_t top_k) {
  TRY(const std::vector<Found> found, corpus.Search(query));
  std::vector<Ranked> ranked = Fuse(found, fusion);
  if (static_cast<size_t>(top_k) < ranked.size()) ranked.resize(static_cast<size_t>(top_k));
  TRY(std::vector<Passage> passages, corpus.Passages(IdsOf(ranked), query.visible));
  std::map<std::string_view, double> scores;
  for (const Ranked& one : ranked) scores[one.chunk_id] = one.score;
  std::map<std::string_view, const Found*> ways;
  for (const Found& one : found) ways[one.chunk_id] = &one;
  for (Passage& passage : passages) {
    passage.score = scores[passage.chunk_id];
    passage.text_score = ways[passage.chunk_id]->text_score;
    passage.vector_score = ways[passage.chunk_id]->vector_score;
  }
  return passages;
}

}  // namespace

Task<Result<std::vector<float>>> Retriever::QueryVector(Call call, std::string query) const {
  EmbeddingRequest request;
  request.model = corpus_.embedder();
  request.truncate = true;
  request.inputs.emplace_back(TextPrompt{ProfileOf(request.model).query_prefix + query});
  CO_TRY(Embeddings embeddings, co_await tools_.embedder->Embed(call, std::move(request)));
  co_return std::move(embeddings.vectors[0]);
}

Task<Result<Retrieved>> Retriever::Retrieve(Call call, RetrievalRequest request) const {
  Retrieved retrieved;
  CorpusQuery query;
  if (config_.words) query.text = request.query;
  if (config_.vectors && tools_.embedder != nullptr && !corpus_.embedder().empty()) {
    CO_TRY(query.vector, co_await QueryVector(call, request.query));
  }
  query.filter = std::move(request.filter);
  query.visible = std::move(request.visible);
  query.top_k = std::max(config_.candidates, request.top_k);
  const bool reranks = !config_.rerank.method.empty();
  const int32_t num_fetched = reranks ? std::max(config_.rerank.candidates, request.top_k) : request.top_k;
  query.top_k = std::max(query.top_k, num_fetched);
  auto search = [this, &query, num_fetched] { return BestPassages(corpus_, query, config_.fusion, num_fetched); };
  auto searching = OnPool(pool_, search);
  CO_TRY(retrieved.passages, co_await searching);
  retrieved.query_vector = std::move(query.vector);
  if (reranks) {
    auto reranking = Rerank(call, std::move(request.query), config_.rerank, tools_, retrieved.passages);
    CO_TRY(retrieved.rerank_skipped, co_await reranking);
    if (static_cast<size_t>(request.top_k) < retrieved.passages.size()) {
      retrieved.passages.resize(static_cast<size_t>(request.top_k));
    }
  }
  co_return retrieved;
}

}  // namespace atelier
