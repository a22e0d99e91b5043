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
  return config;
}

const std::vector<Found> kFound = {{"both", 8.0, 0.5}, {"words", 10.0, {}}, {"vectors", {}, 0.9}, {"weak", 1.0, 0.1}};

TEST(Fusion, ConvexScalesFromTheLeastPossible) {
  const std::vector<Ranked> ranked = Fuse(kFound, Method("convex"));
  EXPECT_THAT(Ids(ranked), testing::ElementsAre("both", "vectors", "words", "weak"));
  EXPECT_DOUBLE_EQ(ranked[0].score, 0.5 * 0.8 + 0.5 * 1.5 / 1.9);
  EXPECT_DOUBLE_EQ(ranked[3].score, 0.5 * 0.1 + 0.5 * 1.1 / 1.9);
}

TEST(Fusion, RelativeScoresScaleFromTheLeastFound) {
  const std::vector<Ranked> ranked = Fuse(kFound, Method("relative_score"));
  EXPECT_THAT(Ids(ranked), testing::ElementsAre("both", "vectors", "words", "weak"));
  EXPECT_DOUBLE_EQ(ranked[3].score, 0);
}

TEST(Fusion, ReciprocalRanksAddUp) {
  const std::vector<Ranked> ranked = Fuse(kFound, Method("reciprocal_rank"));
  EXPECT_THAT(Ids(ranked), testing::ElementsAre("both", "weak", "vectors", "words"));
  EXPECT_DOUBLE_EQ(ranked[0].score, 1.0 / 62 + 1.0 / 62);
}

TEST(Fusion, OneLegAloneKeepsItsOrder) {
  const std::vector<Found> found = {{"a", 1.0, {}}, {"b", 3.0, {}}, {"c", 2.0, {}}};
  for (const char* method : {"convex", "relative_score", "reciprocal_rank"}) {
    EXPECT_THAT(Ids(Fuse(found, Method(method))), testing::ElementsAre("b", "c", "a")) << method;
  }
}

TEST(Fusion, EqualScoresStandByName) {
  const std::vector<Found> found = {{"b", 2.0, {}}, {"a", 2.0, {}}};
  EXPECT_THAT(Ids(Fuse(found, Method("reciprocal_rank"))), testing::ElementsAre("a", "b"));
  EXPECT_TRUE(Fuse({}, Method("convex")).empty());
}

TEST(Fusion, WeightsOfNothingSilenceALeg) {
  EXPECT_EQ(Fuse(kFound, Method("convex", 0))[0].chunk_id, "words");
  EXPECT_EQ(Fuse(kFound, Method("convex", 1))[0].chunk_id, "vectors");
}

}  // namespace
}  // namespace atelier
