#include "app/vector_store_search.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/corpus_library.h"
#include "app/corpus_tools.h"
#include "app/vector_store_corpora.h"
#include "app/vector_store_view.h"
#include "base/task/pool.h"
#include "knowledge/retrieve/retriever.h"

namespace atelier {
namespace {

// A model that the client did not name is the configured one, if the method is, or the one that is there.
void SetRanker(const VectorStoreSearch& search, RerankConfig& config) {
  if (search.ranker == "none") {
    config.method.clear();
  } else if (search.ranker == kDefaultRanker) {
    config.method = "learned", config.model.clear();
  } else if (search.ranker != "auto" && search.ranker != config.method) {
    config.method = search.ranker, config.model.clear();
  }
  // Scores of the search and of a ranker are of different scales: all that is returned has one.
  config.candidates = std::max(config.candidates, search.max_results);
}

Retriever RetrieverOf(App& app, const OpenedCorpus& corpus, const VectorStoreSearch& search) {
  RetrievalConfig config = corpus.config.retrieval;
  if (search.vector_weight) {
    config.fusion.method = "reciprocal_rank";  // as the API says
    config.fusion.vector_weight = *search.vector_weight;
  }
  SetRanker(search, config.rerank);
  return Retriever(*corpus.corpus, app.pool(), std::move(config), RankerToolsFor(app));
}

// A ranker that the client names and that cannot be asked at all is told; one that runs out of time is not.
Result<void> CheckRanker(const App& app, const std::string& ranker) {
  if (ranker == "auto" || ranker == "none" || ranker == kDefaultRanker) return {};
  TRY(const RankerEntry* const entry, FindRanker(ranker));
  if (entry->model_kind.empty() || app.FindModel("", entry->model_kind).ok()) return {};
  return Error::Unsupported("ranking_options.ranker", "got '" + ranker + "', which wants a " +
                                                          std::string(entry->model_kind) + " model, and none is here");
}

}  // namespace

Result<void> CheckRankerName(std::string_view ranker) {
  std::string all = "auto, none, " + std::string(kDefaultRanker);
  bool is_known = ranker == "auto" || ranker == "none" || ranker == kDefaultRanker;
  for (const RankerEntry* entry : Rankers()) {
    is_known = is_known || entry->name == ranker;
    all += ", " + std::string(entry->name);
  }
  if (is_known) return {};
  return Error::Invalid("ranking_options.ranker", "got '" + std::string(ranker.substr(0, 64)) + "', want one of " + all)
      .WithCode("invalid_value");
}

Result<std::shared_ptr<OpenedCorpus>> OpenSearched(App& app, const std::string& id) {
  Result<std::shared_ptr<OpenedCorpus>> corpus = app.vector_store_corpora().Open(id);
  if (corpus.ok() || corpus.error().kind != ErrorKind::kNotFound || id.starts_with("vs_")) return corpus;
  Result<std::shared_ptr<OpenedCorpus>> named = app.corpora().Read(id);          // whoever writes it
  if (!named.ok() && named.error().kind != ErrorKind::kConflict) return corpus;  // words of vector stores
  return named;
}

Task<Result<std::vector<VectorStoreHit>>> SearchVectorStores(App& app, Call call, VectorStoreSearch search) {
  CO_TRY_VOID(CheckRanker(app, search.ranker));
  std::map<std::pair<size_t, std::string>, VectorStoreHit> best;  // by store and chunk
  for (size_t i = 0; i < search.store_ids.size(); ++i) {
    Filter visible;
    auto open = [&]() -> Result<std::shared_ptr<OpenedCorpus>> {
      TRY(Access::View view, ViewOfStore(app, search.store_ids[i], call.principal));
      visible = std::move(view.visible);
      Result<std::shared_ptr<OpenedCorpus>> corpus = OpenSearched(app, search.store_ids[i]);
      if (corpus.ok()) (void)app.vector_stores().Touch(search.store_ids[i]);  // one that is no vector store has none
      return corpus;
    };
    auto opening = OnPool(app.pool(), open);
    CO_TRY(const std::shared_ptr<OpenedCorpus> corpus, co_await opening);
    const Retriever retriever = RetrieverOf(app, *corpus, search);
    for (const std::string& query : search.queries) {
      RetrievalRequest request;
      request.query = query;
      request.filter = search.filter, request.visible = visible;
      request.top_k = search.max_results;
      CO_TRY(Retrieved retrieved, co_await retriever.Retrieve(call, std::move(request)));
      for (Passage& passage : retrieved.passages) {
        VectorStoreHit& hit = best[{i, passage.chunk_id}];
        if (!hit.file_id.empty() && hit.passage.score >= passage.score) continue;
        PassageFile file = FileOfDocument(passage.document_id);
        hit = {std::move(file.id), std::move(file.filename), std::move(passage)};
      }
    }
  }
  std::vector<VectorStoreHit> hits;
  for (auto& [place, hit] : best) {
    if (hit.passage.score >= search.score_threshold) hits.push_back(std::move(hit));
  }
  std::stable_sort(hits.begin(), hits.end(),
                   [](const auto& a, const auto& b) { return a.passage.score > b.passage.score; });
  if (static_cast<size_t>(search.max_results) < hits.size()) hits.resize(static_cast<size_t>(search.max_results));
  co_return hits;
}

}  // namespace atelier
