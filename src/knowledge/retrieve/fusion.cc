#include "knowledge/retrieve/fusion.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace atelier {
namespace {

using Score = std::optional<double>;
using Leg = std::vector<Score>;  // by place in `found`

constexpr double kLeastBm25 = 0;
constexpr size_t kLikenessDepth = 100;       // convex: the likeness of this place counts nothing
constexpr double kLeastVectorWeight = 0.05;  // so that chunks without the question's words stay in order

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

// What was found, best first.
std::vector<double> Sorted(const Leg& leg) {
  std::vector<double> sorted;
  for (const Score& score : leg) {
    if (score) sorted.push_back(*score);
  }
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  return sorted;
}

// The score at a place, or the last; of an empty leg 0.
double ScoreAt(const std::vector<double>& sorted, size_t place) {
  return sorted.empty() ? 0 : sorted[std::min(place, sorted.size() - 1)];
}

double VectorWeight(const FusionConfig& config, double said) {
  const double least = std::min(config.vector_weight, kLeastVectorWeight);
  return std::max(least, config.vector_weight * (1 - config.quoted * said * said));
}

std::vector<double> ByRank(const Leg& leg, double constant) {
  const std::vector<double> sorted = Sorted(leg);
  std::vector<double> values;
  for (const Score& score : leg) {
    // Equal scores share the best of their ranks.
    const auto rank =
        score ? std::lower_bound(sorted.begin(), sorted.end(), *score, std::greater<>()) - sorted.begin() : 0;
    values.push_back(score ? (constant + 1) / (constant + static_cast<double>(rank) + 1) : 0);
  }
  return values;
}

}  // namespace

std::vector<Ranked> Fuse(const std::vector<Found>& found, const FusionConfig& config, double said) {
  Leg text, vector;
  for (const Found& one : found) {
    text.push_back(one.text_score);
    vector.push_back(one.vector_score);
  }
  const bool by_rank = config.method == "reciprocal_rank", convex = config.method == "convex";
  const std::vector<double> text_sorted = Sorted(text), vector_sorted = Sorted(vector);
  const double least_text = convex ? kLeastBm25 : ScoreAt(text_sorted, text_sorted.size());
  const double least_vector = ScoreAt(vector_sorted, convex ? kLikenessDepth - 1 : vector_sorted.size());
  const std::vector<double> by_text = by_rank ? ByRank(text, config.rank_constant) : Scaled(text, least_text);
  const std::vector<double> by_vector = by_rank ? ByRank(vector, config.rank_constant) : Scaled(vector, least_vector);
  const double weight = convex ? VectorWeight(config, said) : config.vector_weight;
  std::vector<Ranked> ranked;
  for (size_t i = 0; i < found.size(); ++i) {
    ranked.push_back({found[i].chunk_id, (1 - weight) * by_text[i] + weight * by_vector[i]});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.chunk_id < b.chunk_id;
  });
  return ranked;
}

}  // namespace atelier
