#include "eval/ranking_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "base/random.h"

namespace atelier {
namespace {

int32_t JudgementOf(const Judgements& judged, const std::string& id) {
  const auto found = judged.find(id);
  return found == judged.end() ? 0 : std::max(found->second, 0);
}

double Discount(size_t place) { return 1 / std::log2(static_cast<double>(place) + 2); }

size_t Seen(const std::vector<std::string>& ranked, int32_t k) {
  return std::min(ranked.size(), static_cast<size_t>(std::max(k, 0)));
}

}  // namespace

double NdcgAt(const std::vector<std::string>& ranked, const Judgements& judged, int32_t k) {
  double gained = 0;
  for (size_t i = 0; i < Seen(ranked, k); ++i) gained += JudgementOf(judged, ranked[i]) * Discount(i);
  std::vector<int32_t> best;
  for (const auto& [id, judgement] : judged) best.push_back(std::max(judgement, 0));
  std::sort(best.begin(), best.end(), std::greater<>());
  double ideal = 0;
  for (size_t i = 0; i < best.size() && i < static_cast<size_t>(std::max(k, 0)); ++i) ideal += best[i] * Discount(i);
  return ideal > 0 ? gained / ideal : 0;
}

double RecallAt(const std::vector<std::string>& ranked, const Judgements& judged, int32_t k) {
  const auto num_relevant =
      std::count_if(judged.begin(), judged.end(), [](const auto& judgement) { return judgement.second > 0; });
  if (num_relevant == 0) return 0;
  int64_t found = 0;
  for (size_t i = 0; i < Seen(ranked, k); ++i) found += JudgementOf(judged, ranked[i]) > 0;
  return static_cast<double>(found) / static_cast<double>(num_relevant);
}

double ReciprocalRankAt(const std::vector<std::string>& ranked, const Judgements& judged, int32_t k) {
  for (size_t i = 0; i < Seen(ranked, k); ++i) {
    if (JudgementOf(judged, ranked[i]) > 0) return 1 / static_cast<double>(i + 1);
  }
  return 0;
}

double Mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval PairedDifference(const std::vector<double>& a, const std::vector<double>& b, uint64_t seed,
                          int32_t num_resamples) {
  CHECK(a.size() == b.size() && !a.empty());
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  Random random(seed);
  std::vector<double> means;
  for (int32_t r = 0; r < num_resamples; ++r) {
    double sum = 0;
    for (size_t i = 0; i < differences.size(); ++i) sum += differences[random.Below(differences.size())];
    means.push_back(sum / static_cast<double>(differences.size()));
  }
  std::sort(means.begin(), means.end());
  const auto at = [&](double share) {
    return means[static_cast<size_t>(share * static_cast<double>(means.size() - 1))];
  };
  return {Mean(differences), at(0.025), at(0.975)};
}

}  // namespace atelier
