#include "knowledge/retrieve/fusion.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

namespace atelier {
namespace {

using Score = std::optional<double>;
using Leg = std::vector<Score>;  // by place in `found`

constexpr double kLeastBm25 = 0;
constexpr double kLeastCosine = -1;

// Scores between `least` and the greatest as 0 to 1; where all are `least`, what was found is 1.
std::vector<double> Scaled(const Leg& leg, double least) {
  double greatest = least;
  for (const Score& score : leg) greatest = std::max(greatest, score.value_or(least));
  std::vector<double> scaled;
  for (const Score& score : leg) {
    const double of_found = greatest > least ? (score.value_or(least) - least) / (greatest - least) : 1;
    scaled.push_back(score ? std::max(of_found, 0.0) : 0);
  }
  return scaled;
}

double LeastFound(const Leg& leg) {
  double least = std::numeric_limits<double>::infinity();
  for (const Score& score : leg) least = std::min(least, score.value_or(least));
  return least;
}

std::vector<double> ByRank(const Leg& leg, double constant) {
  std::vector<double> sorted;
  for (const Score& score : leg) {
    if (score) sorted.push_back(*score);
  }
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  std::vector<double> values;
  for (const Score& score : leg) {
    // Equal scores share the best of their ranks.
    const auto rank =
        score ? std::lower_bound(sorted.begin(), sorted.end(), *score, std::greater<>()) - sorted.begin() : 0;
    values.push_back(score ? 1 / (constant + static_cast<double>(rank) + 1) : 0);
  }
  return values;
}

std::vector<double> Values(const Leg& leg, double least_possible, const FusionConfig& config) {
  if (config.method == "reciprocal_rank") return ByRank(leg, config.rank_constant);
  return Scaled(leg, config.method == "convex" ? least_possible : LeastFound(leg));
}

}  // namespace

std::vector<Ranked> Fuse(const std::vector<Found>& found, const FusionConfig& config) {
  Leg text, vector;
  for (const Found& one : found) {
    text.push_back(one.text_score);
    vector.push_back(one.vector_score);
  }
  const std::vector<double> by_text = Values(text, kLeastBm25, config);
  const std::vector<double> by_vector = Values(vector, kLeastCosine, config);
  const bool by_rank = config.method == "reciprocal_rank";
  std::vector<Ranked> ranked;
  for (size_t i = 0; i < found.size(); ++i) {
    const double score = by_rank ? by_text[i] + by_vector[i]
                                 : (1 - config.vector_weight) * by_text[i] + config.vector_weight * by_vector[i];
    ranked.push_back({found[i].chunk_id, score});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.chunk_id < b.chunk_id;
  });
  return ranked;
}

}  // namespace atelier
