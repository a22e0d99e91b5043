// Fits the weights of a learned reranker: pairwise logistic regression.
//
//   sum over questions of the mean over pairs (i, j) of their candidates, i judged above j, of
//       log(1 + exp(-w (x_i - x_j)))
//   + penalty * questions / 2 * sum over figures of (w * spread of the figure within questions)^2
// [RankNet, Burges et al., ICML 2005.] The sum is convex, has one least place, and Newton's method finds it in some ten
// steps, the same bits each time. A pair counts by the difference of its judgements; weights by the change of nDCG, as
// LambdaRank has them, measured no better, and neither did boosted trees of 4 or 8 leaves (docs/knowledge.md). The
// bias, and a factor for all weights, are fitted last by logistic regression of the judgements, so that a score is a
// probability; neither changes the order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/ranking_examples.h"
#include "knowledge/retrieve/linear_ranking.h"

namespace atelier {

// Figures that are the same throughout each question get no weight.
LinearRanking FitRanking(std::span<const RankingExample* const> examples, double penalty);

// nDCG@10 of an example's documents in the model's order, equal scores in the search's; a document's rank is that of
// its best passage.
double RankedNdcg(const RankingExample& example, const LinearRanking& model);
// In the search's own order.
double SearchNdcg(const RankingExample& example);

struct RankingFit {
  LinearRanking model;                   // fitted to all
  double penalty = 0;                    // of kPenalties, with the greatest mean of held_out
  std::vector<double> held_out, search;  // nDCG@10 by example: with a model that has not seen its fold; the search's
};
inline constexpr double kPenalties[] = {1e-4, 1e-3, 1e-2, 1e-1};
inline constexpr size_t kNumFolds = 5;

// An example's fold, from its place: a shuffle by seed.   [num_examples], each below kNumFolds, sizes differ by at most
// 1
std::vector<size_t> FoldsOf(size_t num_examples, uint64_t seed);
RankingFit CrossValidated(const std::vector<RankingExample>& examples, uint64_t seed);

}  // namespace atelier
