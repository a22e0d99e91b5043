#include "eval/ranking_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace atelier {
namespace {

const Judgements kJudged = {{"a", 2}, {"b", 1}, {"c", 0}, {"d", 1}};
const std::vector<std::string> kRanked = {"c", "b", "x", "a"};

TEST(RankingMetrics, GainsAreDiscountedByRank) {
  const double gained = 1 / std::log2(3.0) + 2 / std::log2(5.0);
  const double ideal = 2 + 1 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_DOUBLE_EQ(NdcgAt(kRanked, kJudged, 10), gained / ideal);
  EXPECT_DOUBLE_EQ(NdcgAt(kRanked, kJudged, 2), (1 / std::log2(3.0)) / (2 + 1 / std::log2(3.0)));
  EXPECT_DOUBLE_EQ(NdcgAt({"a", "b", "d"}, kJudged, 10), 1);
}

// Values of PyPI's pytrec_eval-terrier 0.5.11 (trec_eval's own code) on this ranking.
TEST(RankingMetrics, EqualTrecEvals) {
  const Judgements judged = {{"d1", 3}, {"d2", 2}, {"d3", 0}, {"d4", 1}, {"d5", 2}, {"d6", 1}};
  const std::vector<std::string> ranked = {"d3", "d1", "d9", "d5", "d6", "d8", "d2"};
  EXPECT_NEAR(NdcgAt(ranked, judged, 10), 0.6263231273158124, 1e-12);
  EXPECT_NEAR(NdcgAt(ranked, judged, 3), 0.3597186998521971, 1e-12);
  EXPECT_NEAR(RecallAt(ranked, judged, 5), 0.6, 1e-12);
  EXPECT_NEAR(ReciprocalRankAt(ranked, judged, 10), 0.5, 1e-12);
}

TEST(RankingMetrics, RecallCountsWhatIsRelevant) {
  EXPECT_DOUBLE_EQ(RecallAt(kRanked, kJudged, 10), 2.0 / 3);
  EXPECT_DOUBLE_EQ(RecallAt(kRanked, kJudged, 1), 0);
  EXPECT_DOUBLE_EQ(RecallAt(kRanked, {}, 10), 0);
}

TEST(RankingMetrics, NothingRelevantAndNothingFoundAreZero) {
  EXPECT_EQ(NdcgAt({}, kJudged, 10), 0);
  EXPECT_EQ(NdcgAt(kRanked, {{"a", 0}}, 10), 0);
  EXPECT_EQ(ReciprocalRankAt({"c"}, kJudged, 10), 0);
}

TEST(PairedDifference, AnIntervalHoldsTheMeanAndNarrowsWithPairs) {
  std::vector<double> a, b;
  for (int i = 0; i < 1000; ++i) {
    a.push_back((i * 37 % 101) / 100.0 + 0.1);
    b.push_back((i * 37 % 101) / 100.0 + (i % 2) * 0.05);
  }
  const Interval many = PairedDifference(a, b, 7, 2000);
  EXPECT_NEAR(many.mean, 0.075, 1e-9);
  EXPECT_LT(many.low, many.mean);
  EXPECT_GT(many.high, many.mean);
  a.resize(20), b.resize(20);
  const Interval few = PairedDifference(a, b, 7, 2000);
  EXPECT_GT(few.high - few.low, many.high - many.low);
  EXPECT_GT(few.low, 0) << "every pair differs in the same direction";
}

TEST(PairedDifference, EqualRankingsDifferByNothing) {
  const Interval none = PairedDifference({0.5, 0.25}, {0.5, 0.25}, 1);
  EXPECT_EQ(none.mean, 0);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
}

}  // namespace
}  // namespace atelier
