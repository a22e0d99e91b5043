#include "knowledge/index/vector/max_sim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "knowledge/index/vector/vector_testing.h"

namespace atelier {
namespace {

std::vector<float> Flat(const Vectors& tokens) {
  std::vector<float> flat;
  for (const auto& token : tokens) flat.insert(flat.end(), token.begin(), token.end());
  return flat;
}

double ByDefinition(const Vectors& query, const Vectors& document) {
  double sum = 0;
  for (const auto& q : query) {
    double best = -1e300;
    for (const auto& d : document) {
      double product = 0;
      for (size_t i = 0; i < q.size(); ++i) product += static_cast<double>(q[i]) * d[i];
      best = std::max(best, product);
    }
    sum += document.empty() ? 0 : best;
  }
  return sum;
}

TEST(MaxSim, IsTheSumOfEachQueryTokensBestProduct) {
  Random random(1);
  for (const int num_query : {0, 1, 15, 16, 17, 40}) {
    for (const int num_document : {0, 1, 7}) {
      const Vectors query = RandomVectors(random, num_query, 21);
      const Vectors document = RandomVectors(random, num_document, 21);
      const float score = MaxSim(Flat(query), 21).Score(Flat(document));
      EXPECT_NEAR(score, ByDefinition(query, document), 1e-3);
      for (const Isa isa : RunnableIsas()) EXPECT_EQ(MaxSim(Flat(query), 21, isa).Score(Flat(document)), score);
    }
  }
}

TEST(MaxSim, Int8TokensStandForTheirScaledValues) {
  Random random(2);
  const Vectors query = RandomVectors(random, 20, 33);
  std::vector<int8_t> values;
  std::vector<float> scales;
  Vectors document(9, std::vector<float>(33));
  for (auto& token : document) {
    scales.push_back(0.01F + static_cast<float>(random.Uniform()));
    for (float& x : token) {
      values.push_back(static_cast<int8_t>(static_cast<int>(random.Below(256)) - 128));
      x = scales.back() * static_cast<float>(values.back());
    }
  }
  EXPECT_NEAR(MaxSim(Flat(query), 33).Score(Int8Tokens{.values = values, .scales = scales}),
              ByDefinition(query, document), 0.05);
}

}  // namespace
}  // namespace atelier
