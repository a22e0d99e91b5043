#include "eval/ranking_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "eval/ranking_metrics.h"

namespace atelier {
namespace {

constexpr size_t kSearch = static_cast<size_t>(RankFeature::kSearch);
constexpr size_t kBm25 = static_cast<size_t>(RankFeature::kBm25);
constexpr size_t kExact = static_cast<size_t>(RankFeature::kExact);
constexpr size_t kLength = static_cast<size_t>(RankFeature::kLength);

// Questions of ten candidates with random figures; what the weights say is best is judged relevant.
std::vector<RankingExample> Synthetic(size_t num_examples, const RankFeatures& truth, double noise, uint64_t seed) {
  Random random(seed);
  std::vector<RankingExample> examples;
  for (size_t e = 0; e < num_examples; ++e) {
    RankingExample& example = examples.emplace_back();
    example.query_id = "q" + std::to_string(e);
    std::vector<double> sums;
    for (size_t i = 0; i < 10; ++i) {
      RankFeatures& x = example.features.emplace_back();
      for (const size_t f : {kSearch, kBm25, kExact, kLength}) x[f] = random.Uniform();
      sums.push_back(noise * random.Normal());
      for (size_t f = 0; f < kNumRankFeatures; ++f) sums.back() += truth[f] * x[f];
      example.document_ids.push_back("d" + std::to_string(i));
    }
    const auto best = std::ranges::max_element(sums) - sums.begin();
    example.judged["d" + std::to_string(best)] = 1;
  }
  return examples;
}

std::vector<const RankingExample*> AllOf(const std::vector<RankingExample>& examples) {
  std::vector<const RankingExample*> all;
  for (const RankingExample& example : examples) all.push_back(&example);
  return all;
}

TEST(RankingFit, FindsTheWeightsThatJudgementsWereMadeBy) {
  RankFeatures truth{};
  truth[kSearch] = 1, truth[kBm25] = 3, truth[kLength] = -2;
  const auto examples = Synthetic(400, truth, 0.2, 1);
  const LinearRanking model = FitRanking(AllOf(examples), 1e-4);
  const double unit = model.weights[kSearch];
  ASSERT_GT(unit, 0);
  EXPECT_NEAR(model.weights[kBm25] / unit, 3, 0.5);
  EXPECT_NEAR(model.weights[kLength] / unit, -2, 0.4);
  EXPECT_NEAR(model.weights[kExact] / unit, 0, 0.2);
  EXPECT_EQ(model.weights[static_cast<size_t>(RankFeature::kMaxSim)], 0) << "the same throughout";
}

TEST(RankingFit, AnOrderThatIsLinearIsFoundOnQuestionsNotSeen) {
  RankFeatures truth{};
  truth[kSearch] = 0.2, truth[kExact] = 1;
  const RankingFit fit = CrossValidated(Synthetic(200, truth, 0, 2), 7);
  EXPECT_GT(Mean(fit.held_out), 0.97);
  EXPECT_LT(Mean(fit.search), 0.6) << "candidates come in no order";
}

TEST(RankingFit, ScoresAreProbabilities) {
  RankFeatures truth{};
  truth[kBm25] = 4;
  const auto examples = Synthetic(300, truth, 1, 3);
  const LinearRanking model = FitRanking(AllOf(examples), 1e-4);
  double sum = 0, count = 0;
  for (const RankingExample& example : examples) {
    for (const RankFeatures& x : example.features) sum += model.Score(x), count += 1;
  }
  EXPECT_NEAR(sum / count, 0.1, 1e-3) << "one of ten is relevant";
}

TEST(RankingFit, TheSameExamplesGiveTheSameBits) {
  RankFeatures truth{};
  truth[kSearch] = 1, truth[kBm25] = 1;
  const auto examples = Synthetic(60, truth, 0.5, 4);
  const RankingFit a = CrossValidated(examples, 7), b = CrossValidated(examples, 7);
  EXPECT_EQ(a.model.weights, b.model.weights);
  EXPECT_EQ(a.model.bias, b.model.bias);
  EXPECT_EQ(a.held_out, b.held_out);
}

TEST(RankingFit, FoldsAreEvenAndDependOnTheSeed) {
  const std::vector<size_t> folds = FoldsOf(23, 7);
  for (size_t fold = 0; fold < kNumFolds; ++fold) {
    const auto num = std::ranges::count(folds, fold);
    EXPECT_TRUE(num == 4 || num == 5) << num;
  }
  EXPECT_EQ(folds, FoldsOf(23, 7));
  EXPECT_NE(folds, FoldsOf(23, 8));
}

// A figure that tells the answer within one fold alone is of no use to it: its model has never seen that figure move.
TEST(RankingFit, AFoldLearnsNothingFromItself) {
  auto examples = Synthetic(50, RankFeatures{}, 1, 5);  // judged by chance
  const std::vector<size_t> folds = FoldsOf(examples.size(), 7);
  constexpr size_t kTold = static_cast<size_t>(RankFeature::kWindow);
  for (size_t e = 0; e < examples.size(); ++e) {
    for (size_t i = 0; i < 10; ++i) {
      const bool relevant = examples[e].judged.contains(examples[e].document_ids[i]);
      examples[e].features[i][kTold] = folds[e] == 0 && relevant ? 1 : 0;
    }
  }
  const RankingFit fit = CrossValidated(examples, 7);
  EXPECT_GT(fit.model.weights[kTold], 1) << "who sees all folds finds it";
  std::vector<double> told;
  for (size_t e = 0; e < examples.size(); ++e) {
    if (folds[e] == 0) told.push_back(fit.held_out[e]);
  }
  EXPECT_LT(Mean(told), 0.8);
}

TEST(RankingFit, ADocumentHasTheRankOfItsBestPassage) {
  RankingExample example;
  example.document_ids = {"a", "a", "b"};
  example.features.resize(3);
  example.features[1][kBm25] = 2, example.features[2][kBm25] = 1;
  example.judged = {{"b", 1}};
  LinearRanking model;
  model.weights[kBm25] = 1;
  EXPECT_DOUBLE_EQ(RankedNdcg(example, model), NdcgAt({"a", "b"}, example.judged, 10));
  model.weights[kBm25] = -1;
  EXPECT_DOUBLE_EQ(RankedNdcg(example, model), SearchNdcg(example));
}

TEST(RankingFit, WithoutJudgementsNothingIsLearned) {
  std::vector<RankingExample> examples = Synthetic(10, RankFeatures{}, 1, 6);
  for (RankingExample& example : examples) example.judged = {{"elsewhere", 1}};
  const RankingFit fit = CrossValidated(examples, 7);
  EXPECT_EQ(fit.model.weights, RankFeatures{});
  EXPECT_EQ(Mean(fit.held_out), 0);
}

}  // namespace
}  // namespace atelier
