#include "knowledge/retrieve/mmr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace atelier {
namespace {

// The definition, literally.
std::vector<size_t> Plain(const std::vector<double>& relevance, const Likeness& likeness, double lambda) {
  std::vector<size_t> order, rest(relevance.size());
  for (size_t i = 0; i < rest.size(); ++i) rest[i] = i;
  while (!rest.empty()) {
    auto value = [&](size_t i) {
      double most = order.empty() ? 0 : likeness(order[0], i);
      for (const size_t before : order) most = std::max(most, likeness(before, i));
      return lambda * relevance[i] - (1 - lambda) * most;
    };
    auto best = std::max_element(rest.begin(), rest.end(), [&](size_t a, size_t b) { return value(a) < value(b); });
    order.push_back(*best);
    rest.erase(best);
  }
  return order;
}

TEST(Mmr, AgreesWithTheDefinition) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> eighths(-8, 8);
  for (int round = 0; round < 50; ++round) {
    const size_t count = static_cast<size_t>(round % 12);
    std::vector<double> relevance(count), likenesses(count * count);
    for (double& one : relevance) one = eighths(random) / 8.0;
    for (double& one : likenesses) one = eighths(random) / 8.0;
    const Likeness likeness = [&](size_t a, size_t b) { return likenesses[a * count + b]; };
    for (const double lambda : {0.0, 0.5, 0.75, 1.0}) {
      EXPECT_EQ(MarginalOrder(relevance, likeness, lambda), Plain(relevance, likeness, lambda)) << lambda;
    }
  }
}

TEST(Mmr, RepetitionsComeLater) {
  const std::vector<std::string_view> texts = {"the red fox", "The red fox!", "a blue whale"};
  const Likeness likeness = [&](size_t a, size_t b) { return WordOverlap(WordHashes(texts[a]), WordHashes(texts[b])); };
  EXPECT_THAT(MarginalOrder(std::vector<double>{0.9, 0.8, 0.5}, likeness, 0.5), testing::ElementsAre(0, 2, 1));
}

TEST(Mmr, RelevanceAloneKeepsTiesInOrder) {
  const Likeness likeness = [](size_t, size_t) { return 1.0; };
  EXPECT_THAT(MarginalOrder(std::vector<double>{0.5, 0.9, 0.5}, likeness, 1), testing::ElementsAre(1, 0, 2));
}

TEST(Mmr, OverlapIsOfDifferentWords) {
  EXPECT_DOUBLE_EQ(WordOverlap(WordHashes("one two two"), WordHashes("Two three")), 1.0 / 3);
  EXPECT_DOUBLE_EQ(WordOverlap(WordHashes(""), WordHashes(" - ")), 0);
}

}  // namespace
}  // namespace atelier
