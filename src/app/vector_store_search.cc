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

Retriever RetrieverOf(App& app, const OpenedCorpus& corpus, const VectorStoreSearch& search) {
  RetrievalConfig config = corpus.config.retrieval;
  if (search.vector_weight) {
    config.fusion.method = "convex";
    config.fusion.vector_weight = *search.vector_weight;
    config.fusion.stand_out = 0;  // the client's weights hold for every question
  }
  return Retriever(*corpus.corpus, app.pool(), std::move(config), RankerToolsFor(app));
}

}  // namespace

Result<std::shared_ptr<OpenedCorpus>> OpenSearched(App& app, const std::string& id) {
  Result<std::shared_ptr<OpenedCorpus>> corpus = app.vector_store_corpora().Open(id);
  if (corpus.ok() || corpus.error().kind != ErrorKind::kNotFound || id.starts_with("vs_")) return corpus;
  Result<std::shared_ptr<OpenedCorpus>> named = app.corpora().Read(id);          // whoever writes it
  if (!named.ok() && named.error().kind != ErrorKind::kConflict) return corpus;  // words of vector stores
  return named;
}

Task<Result<std::vector<VectorStoreHit>>> SearchVectorStores(App& app, Call call, VectorStoreSearch search) {
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
