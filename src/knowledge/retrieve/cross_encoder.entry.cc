// A cross-encoder reads question and passage together and scores the pair.   [Nogueira, Cho 2019]
#include "knowledge/retrieve/ranker.h"

namespace atelier {
namespace {

Task<Result<std::vector<double>>> ScorePairs(Call call, RankRequest request) {
  RerankingRequest pairs;
  CO_TRY(pairs.model, ModelOf(request, "rerank"));
  pairs.query = request.query;
  for (const Passage& passage : request.passages) pairs.documents.push_back(passage.text);
  CO_TRY(Reranking ranking, co_await request.tools.reranker->Rerank(std::move(call), std::move(pairs)));
  co_return std::move(ranking.scores);
}

}  // namespace

extern const RankerEntry ranker_cross_encoder{"cross_encoder", "a reranking model reads question and passage together",
                                              ScorePairs, "rerank"};

}  // namespace atelier
