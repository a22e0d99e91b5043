// A linear model of what the search knows of each passage (rank_features.h): the one that is built in, or the file
// that rerank.model names.
#include <algorithm>

#include "knowledge/retrieve/linear_ranking.h"
#include "knowledge/retrieve/max_sim_scores.h"
#include "knowledge/retrieve/rank_features.h"
#include "knowledge/retrieve/ranker.h"

namespace atelier {
namespace {

Task<Result<std::vector<double>>> ScoreLearned(Call call, RankRequest request) {
  LinearRanking model = LinearRanking::Default();
  if (!request.config.model.empty()) {
    CO_TRY(model, LinearRanking::Load(Files::Real(), request.config.model));
  }
  CO_TRY(const Analyzer analyzer, Analyzer::Create(request.tools.language));
  std::vector<double> max_sim;
  if (model.uses(RankFeature::kMaxSim)) {
    CO_TRY(max_sim, co_await MaxSimScores(std::move(call), request));
  }
  std::vector<double> scores;
  for (const RankFeatures& features : RankFeaturesOf(analyzer, request.query, request.passages, max_sim)) {
    scores.push_back(model.Score(features));
  }
  co_return scores;
}

}  // namespace

extern const RankerEntry ranker_learned{"learned", "a linear model of scores, words, their places and likeness",
                                        ScoreLearned};

}  // namespace atelier
