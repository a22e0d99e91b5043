#include "knowledge/retrieve/linear_ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

using testing::HasSubstr;

std::string Refusal(std::string_view text) {
  const auto model = LinearRanking::Parse(text);
  return model.ok() ? "accepted" : model.error().Message();
}

TEST(LinearRanking, ScoresAreProbabilitiesOfTheWeighedSum) {
  const auto model = LinearRanking::Parse(R"({"bias": -1, "weights": {"bm25": 2, "exact": 0.5}})");
  ASSERT_TRUE(model.ok()) << model.error().Message();
  RankFeatures features{};
  features[static_cast<size_t>(RankFeature::kBm25)] = 0.75;
  features[static_cast<size_t>(RankFeature::kExact)] = 1;
  features[static_cast<size_t>(RankFeature::kShare)] = 9;  // has no weight
  EXPECT_DOUBLE_EQ(model->Score(features), 1 / (1 + std::exp(-1.0)));
  EXPECT_TRUE(model->uses(RankFeature::kBm25));
  EXPECT_FALSE(model->uses(RankFeature::kMaxSim));
}

TEST(LinearRanking, WhatIsWrittenIsReadAgain) {
  LinearRanking model;
  model.bias = 0.1;
  for (size_t f = 0; f < kNumRankFeatures; ++f) model.weights[f] = 1 / (static_cast<double>(f) + 3);
  const auto read = LinearRanking::Parse(model.ToJson().Dump());
  ASSERT_TRUE(read.ok()) << read.error().Message();
  EXPECT_EQ(read->bias, model.bias);
  EXPECT_EQ(read->weights, model.weights);
}

TEST(LinearRanking, WhatIsWrongWithAFileIsTold) {
  EXPECT_NE(Refusal(""), "accepted");
  EXPECT_NE(Refusal("[]"), "accepted");
  EXPECT_THAT(Refusal("{}"), HasSubstr("weights"));
  EXPECT_THAT(Refusal(R"({"weights": {"bm25": "much"}})"), HasSubstr("weights.bm25"));
  EXPECT_EQ(Refusal(R"({"weights": {"bm52": 1}})"), "weights.bm52: got an unknown figure; did you mean 'bm25'?");
  EXPECT_THAT(Refusal(R"({"weights": {"bm25": 1e300}})"), HasSubstr("want -1e6 to 1e6"));
  EXPECT_NE(Refusal(R"({"weights": {"bm25": 1e999}})"), "accepted");
  EXPECT_THAT(Refusal(R"({"weights": {}, "trees": []})"), HasSubstr("trees"));
  EXPECT_NE(Refusal(R"({"bias": null, "weights": [1]})"), "accepted");

  SimFiles files;
  ASSERT_TRUE(WriteAtomically(files, "/ranker.json", "{").ok());
  EXPECT_THAT(LinearRanking::Load(files, "/ranker.json").error().Message(), HasSubstr("/ranker.json"));
  ASSERT_TRUE(WriteAtomically(files, "/large.json", std::string(1 << 20, ' ')).ok());
  EXPECT_FALSE(LinearRanking::Load(files, "/large.json").ok());
  EXPECT_EQ(LinearRanking::Load(files, "/none.json").error().kind, ErrorKind::kNotFound);
}

TEST(LinearRanking, TheBuiltInOneNeedsNoModel) {
  EXPECT_FALSE(LinearRanking::Default().uses(RankFeature::kMaxSim));
  EXPECT_TRUE(LinearRanking::Default().uses(RankFeature::kBm25));
}

}  // namespace
}  // namespace atelier
