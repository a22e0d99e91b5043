#include "eval/ranking_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "eval/ranking_metrics.h"

namespace atelier {
namespace {

constexpr int kMostSteps = 50;       // some ten are needed
constexpr double kSmallStep = 1e-9;  // in units of a figure's spread
constexpr int32_t kDepth = 10;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

int32_t GradeOf(const RankingExample& example, size_t i) {
  const auto judged = example.judged.find(example.document_ids[i]);
  return judged == example.judged.end() ? 0 : std::max(judged->second, 0);
}

struct WeighedPair {
  RankFeatures difference;  // in spreads
  double weight = 0;
};

// The root mean square distance of each figure from its question's mean.
RankFeatures SpreadsOf(std::span<const RankingExample* const> examples) {
  RankFeatures squares{};
  double count = 0;
  for (const RankingExample* example : examples) {
    const auto num = static_cast<double>(example->features.size());
    for (size_t f = 0; f < kNumRankFeatures; ++f) {
      double mean = 0;
      for (const RankFeatures& x : example->features) mean += x[f] / num;
      for (const RankFeatures& x : example->features) squares[f] += (x[f] - mean) * (x[f] - mean);
    }
    count += num;
  }
  for (double& square : squares) square = count > 0 ? std::sqrt(square / count) : 0;
  return squares;
}

// Of one example, with weights that sum to 1.
void AddPairs(const RankingExample& example, const RankFeatures& spreads, std::vector<WeighedPair>& pairs) {
  const size_t begin = pairs.size();
  double total = 0;
  for (size_t i = 0; i < example.features.size(); ++i) {
    for (size_t j = 0; j < example.features.size(); ++j) {
      const int32_t above = GradeOf(example, i) - GradeOf(example, j);
      if (above <= 0) continue;
      WeighedPair& pair = pairs.emplace_back();
      pair.weight = above;
      total += pair.weight;
      for (size_t f = 0; f < kNumRankFeatures; ++f) {
        const double difference = example.features[i][f] - example.features[j][f];
        pair.difference[f] = spreads[f] > 0 ? difference / spreads[f] : 0;
      }
    }
  }
  for (size_t p = begin; p < pairs.size(); ++p) pairs[p].weight /= total;
}

// Solves A x = b by Cholesky's factors.   REQUIRES: A [n, n] symmetric, positive definite.
std::vector<double> Solved(std::vector<double> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t j = 0; j < n; ++j) {
    for (size_t k = 0; k < j; ++k) {
      for (size_t i = j; i < n; ++i) a[i * n + j] -= a[i * n + k] * a[j * n + k];
    }
    const double pivot = std::sqrt(a[j * n + j]);
    for (size_t i = j; i < n; ++i) a[i * n + j] /= pivot;
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

struct Slope {
  double value = 0;
  std::vector<double> gradient = std::vector<double>(kNumRankFeatures);
  std::vector<double> curvature = std::vector<double>(kNumRankFeatures * kNumRankFeatures);
};

Slope SlopeAt(const RankFeatures& w, const std::vector<WeighedPair>& pairs, double penalty) {
  Slope slope;
  for (const WeighedPair& pair : pairs) {
    double margin = 0;
    for (size_t f = 0; f < kNumRankFeatures; ++f) margin += w[f] * pair.difference[f];
    const double wrong = Sigmoid(-margin);
    slope.value += pair.weight * (margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin);
    for (size_t f = 0; f < kNumRankFeatures; ++f) {
      slope.gradient[f] -= pair.weight * wrong * pair.difference[f];
      const double scaled = pair.weight * wrong * (1 - wrong) * pair.difference[f];
      for (size_t g = 0; g < kNumRankFeatures; ++g) {
        slope.curvature[f * kNumRankFeatures + g] += scaled * pair.difference[g];
      }
    }
  }
  for (size_t f = 0; f < kNumRankFeatures; ++f) {
    slope.value += penalty / 2 * w[f] * w[f];
    slope.gradient[f] += penalty * w[f];
    slope.curvature[f * kNumRankFeatures + f] += penalty;
  }
  return slope;
}

// The least place of the sum, by Newton's steps, each halved until it goes down.
RankFeatures Least(const std::vector<WeighedPair>& pairs, double penalty) {
  RankFeatures w{};
  Slope slope = SlopeAt(w, pairs, penalty);
  for (int step = 0; step < kMostSteps; ++step) {
    const std::vector<double> toward = Solved(slope.curvature, slope.gradient);
    double share = 1, largest = 0;
    RankFeatures next = w;
    for (;; share /= 2) {
      largest = 0;
      for (size_t f = 0; f < kNumRankFeatures; ++f) {
        next[f] = w[f] - share * toward[f];
        largest = std::max(largest, std::abs(share * toward[f]));
      }
      if (largest < kSmallStep) return w;
      Slope there = SlopeAt(next, pairs, penalty);
      if (there.value > slope.value) continue;
      slope = std::move(there);
      break;
    }
    w = next;
  }
  return w;
}

// Makes scores probabilities: factor and bias by logistic regression of "judged relevant" on the sums, two unknowns.
void Calibrate(std::span<const RankingExample* const> examples, LinearRanking& model) {
  std::vector<std::pair<double, bool>> judged;
  for (const RankingExample* example : examples) {
    for (size_t i = 0; i < example->features.size(); ++i) {
      const double sum =
          std::inner_product(model.weights.begin(), model.weights.end(), example->features[i].begin(), 0.0);
      judged.emplace_back(sum, GradeOf(*example, i) > 0);
    }
  }
  const auto num_relevant = std::ranges::count_if(judged, [](const auto& one) { return one.second; });
  if (num_relevant == 0 || num_relevant == static_cast<std::ptrdiff_t>(judged.size())) return;
  double factor = 0, bias = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    std::vector<double> gradient(2), curvature(4);
    for (const auto& [sum, relevant] : judged) {
      const double p = Sigmoid(factor * sum + bias);
      const double values[] = {sum, 1};
      for (size_t a = 0; a < 2; ++a) {
        gradient[a] += (p - (relevant ? 1 : 0)) * values[a];
        for (size_t b = 0; b < 2; ++b) curvature[a * 2 + b] += p * (1 - p) * values[a] * values[b];
      }
    }
    for (const size_t a : {0, 3}) curvature[a] += 1e-6;  // where all sums are equal
    const std::vector<double> toward = Solved(std::move(curvature), gradient);
    factor -= std::clamp(toward[0], -1.0, 1.0), bias -= std::clamp(toward[1], -1.0, 1.0);
  }
  if (factor <= 0) return;  // an order must not be turned round
  for (double& weight : model.weights) weight *= factor;
  model.bias = bias;
}

double NdcgInOrder(const RankingExample& example, const std::vector<size_t>& order) {
  std::vector<std::string> documents;
  std::set<std::string_view> seen;
  for (const size_t i : order) {
    if (seen.insert(example.document_ids[i]).second) documents.push_back(example.document_ids[i]);
  }
  return NdcgAt(documents, example.judged, kDepth);
}

std::vector<size_t> PlacesOf(const RankingExample& example) {
  std::vector<size_t> order(example.features.size());
  std::iota(order.begin(), order.end(), size_t{0});
  return order;
}

std::vector<double> HeldOut(const std::vector<RankingExample>& examples, const std::vector<size_t>& folds,
                            double penalty) {
  std::vector<double> ndcg(examples.size());
  for (size_t fold = 0; fold < kNumFolds; ++fold) {
    std::vector<const RankingExample*> others;
    for (size_t i = 0; i < examples.size(); ++i) {
      if (folds[i] != fold) others.push_back(&examples[i]);
    }
    const LinearRanking model = FitRanking(others, penalty);
    for (size_t i = 0; i < examples.size(); ++i) {
      if (folds[i] == fold) ndcg[i] = RankedNdcg(examples[i], model);
    }
  }
  return ndcg;
}

}  // namespace

LinearRanking FitRanking(std::span<const RankingExample* const> examples, double penalty) {
  const RankFeatures spreads = SpreadsOf(examples);
  std::vector<WeighedPair> pairs;
  for (const RankingExample* example : examples) AddPairs(*example, spreads, pairs);
  LinearRanking model;
  if (pairs.empty()) return model;
  model.weights = Least(pairs, penalty * static_cast<double>(examples.size()));
  for (size_t f = 0; f < kNumRankFeatures; ++f) model.weights[f] = spreads[f] > 0 ? model.weights[f] / spreads[f] : 0;
  Calibrate(examples, model);
  return model;
}

double RankedNdcg(const RankingExample& example, const LinearRanking& model) {
  std::vector<double> scores;
  for (const RankFeatures& features : example.features) scores.push_back(model.Score(features));
  std::vector<size_t> order = PlacesOf(example);
  std::ranges::stable_sort(order, [&scores](size_t a, size_t b) { return scores[a] > scores[b]; });
  return NdcgInOrder(example, order);
}

double SearchNdcg(const RankingExample& example) { return NdcgInOrder(example, PlacesOf(example)); }

std::vector<size_t> FoldsOf(size_t num_examples, uint64_t seed) {
  std::vector<size_t> folds(num_examples);
  for (size_t i = 0; i < num_examples; ++i) folds[i] = i % kNumFolds;
  Random random(seed);
  for (size_t i = num_examples; i > 1; --i) std::swap(folds[i - 1], folds[random.Below(i)]);
  return folds;
}

RankingFit CrossValidated(const std::vector<RankingExample>& examples, uint64_t seed) {
  RankingFit fit;
  const std::vector<size_t> folds = FoldsOf(examples.size(), seed);
  for (const double penalty : kPenalties) {
    std::vector<double> held_out = HeldOut(examples, folds, penalty);
    if (!fit.held_out.empty() && Mean(held_out) <= Mean(fit.held_out)) continue;
    fit.held_out = std::move(held_out), fit.penalty = penalty;
  }
  for (const RankingExample& example : examples) fit.search.push_back(SearchNdcg(example));
  std::vector<const RankingExample*> all;
  for (const RankingExample& example : examples) all.push_back(&example);
  fit.model = FitRanking(all, fit.penalty);
  return fit;
}

}  // namespace atelier
