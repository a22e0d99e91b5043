#include "knowledge/retrieve/fusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atelier {
namespace {

std::vector<std::string> Ids(const std::vector<Ranked>& ranked) {
  std::vector<std::string> ids;
  for (const Ranked& one : ranked) ids.push_back(one.chunk_id);
  return ids;
}

FusionConfig Method(std::string method, double vector_weight = 0.5) {
  FusionConfig config;
  config.method = std::move(method);
  config.vector_weight = vector_weight;
  config.quoted = 0;
  return config;
}

const std::vector<Found> kFound = {{"both", 8.0, 0.5}, {"words", 10.0, {}}, {"vectors", {}, 0.9}, {"weak", 1.0, 0.1}};

TEST(Fusion, ConvexScalesWordsFromNothingAndLikenessFromTheLeastFound) {
  const std::vector<Ranked> ranked = Fuse(kFound, Method("convex"), 0);
  EXPECT_THAT(Ids(ranked), testing::ElementsAre("both", "vectors", "words", "weak"));
  EXPECT_DOUBLE_EQ(ranked[0].score, 0.5 * 0.8 + 0.5 * 0.5);
  EXPECT_DOUBLE_EQ(ranked[3].score, 0.5 * 0.1);
}

TEST(Fusion, ConvexScalesLikenessFromThatOfTheHundredth) {
  std::vector<Found> found;
  for (int i = 0; i < 150; ++i) found.push_back({"c" + std::to_string(1000 + i), {}, 0.9 - 0.001 * i});
  const std::vector<Ranked> ranked = Fuse(found, Method("convex", 1), 0);
  EXPECT_NEAR(ranked[98].score, 1.0 / 99, 1e-9);
  EXPECT_EQ(ranked[99].score, 0);
  EXPECT_EQ(ranked[149].score, 0);
}

TEST(Fusion, WordsTakeWeightTheMoreTheySay) {
  FusionConfig config = Method("convex");
  config.quoted = 0.8;
  const std::vector<Found> found = {{"named", 10.0, {}}, {"alike", {}, 0.9}, {"far", {}, 0.1}};
  EXPECT_EQ(Fuse(found, config, 0)[1].score, 0.5);
  EXPECT_NEAR(Fuse(found, config, 0.5)[1].score, 0.5 * (1 - 0.8 * 0.25), 1e-12);
  EXPECT_NEAR(Fuse(found, config, 1)[1].score, 0.1, 1e-12);
  config.quoted = 1;
  EXPECT_NEAR(Fuse(found, config, 1)[1].score, 0.05, 1e-12)
      << "never all of it: chunks without the words stay in order";
}

TEST(Fusion, RelativeScoresScaleFromTheLeastFound) {
  const std::vector<Ranked> ranked = Fuse(kFound, Method("relative_score"), 0);
  EXPECT_THAT(Ids(ranked), testing::ElementsAre("both", "vectors", "words", "weak"));
  EXPECT_DOUBLE_EQ(ranked[3].score, 0);
}

TEST(Fusion, ReciprocalRanksAddUp) {
  const std::vector<Ranked> ranked = Fuse(kFound, Method("reciprocal_rank"), 0);
  EXPECT_THAT(Ids(ranked), testing::ElementsAre("both", "weak", "vectors", "words"));
  EXPECT_DOUBLE_EQ(ranked[0].score, 61.0 / 62) << "the best place of both would be 1";
}

TEST(Fusion, ReciprocalRanksAreWeighed) {
  EXPECT_EQ(Fuse(kFound, Method("reciprocal_rank", 1), 0)[0].chunk_id, "vectors");
  const std::vector<Ranked> by_words = Fuse(kFound, Method("reciprocal_rank", 0), 0);
  EXPECT_THAT(Ids(by_words), testing::ElementsAre("words", "both", "weak", "vectors"));
  EXPECT_DOUBLE_EQ(by_words[0].score, 1);
  EXPECT_DOUBLE_EQ(by_words[3].score, 0);
}

TEST(Fusion, OneLegAloneKeepsItsOrder) {
  const std::vector<Found> found = {{"a", 1.0, {}}, {"b", 3.0, {}}, {"c", 2.0, {}}};
  for (const char* method : {"convex", "relative_score", "reciprocal_rank"}) {
    EXPECT_THAT(Ids(Fuse(found, Method(method), 0)), testing::ElementsAre("b", "c", "a")) << method;
  }
}

TEST(Fusion, EqualScoresStandByName) {
  const std::vector<Found> found = {{"b", 2.0, {}}, {"a", 2.0, {}}};
  EXPECT_THAT(Ids(Fuse(found, Method("reciprocal_rank"), 0)), testing::ElementsAre("a", "b"));
  EXPECT_TRUE(Fuse({}, Method("convex"), 0).empty());
}

TEST(Fusion, WeightsOfNothingSilenceALeg) {
  EXPECT_EQ(Fuse(kFound, Method("convex", 0), 0)[0].chunk_id, "words");
  EXPECT_EQ(Fuse(kFound, Method("convex", 1), 0)[0].chunk_id, "vectors");
}

}  // namespace
}  // namespace atelier
