// What a segment gives is what comparing with every stored vector gives.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"
#include "knowledge/index/vector/vector_testing.h"

namespace atelier {
namespace {

// That hits are those of BruteForce, but for the order of scores that rounding makes equal.
void ExpectBest(const VectorSegment& segment, std::span<const float> query, const Bitmap* allowed,
                const std::vector<VectorHit>& hits) {
  const auto want = BruteForce(segment, query, allowed, 10);
  ASSERT_EQ(hits.size(), want.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    const float tolerance = 1e-5F * (1 + std::fabs(want[i].score));
    EXPECT_NEAR(hits[i].score, want[i].score, tolerance);
    if (hits[i].id != want[i].id) {  // only where rounding decides
      const auto same = [&](const VectorHit& hit) { return hit.id == hits[i].id; };
      const bool near = std::any_of(want.begin(), want.end(), same) || i + 1 == hits.size();
      EXPECT_TRUE(near) << i;
    }
    if (i > 0) {
      EXPECT_TRUE(hits[i - 1].score > hits[i].score || hits[i - 1].id < hits[i].id);
    }
  }
}

TEST(VectorSegment, HitsAreTheBestOfAllStoredVectors) {
  for (const VectorSpace& space : AllSpaces(37)) {
    Random random(7);
    const auto vectors = RandomVectors(random, 200, 37);
    const TestSegment test(space, vectors);
    for (const Isa isa : RunnableIsas()) {
      const VectorSegment segment = test.Open(isa);
      for (int i = 0; i < 5; ++i) {
        const auto query = RandomVectors(random, 1, 37)[0];
        ExpectBest(segment, query, nullptr, segment.Search({.vector = query, .top_k = 10, .recall = 1}));
      }
    }
  }
}

TEST(VectorSegment, OnlyAllowedRecordsAreHits) {
  Random random(8);
  const VectorSpace space{.dimensions = 20};
  const TestSegment test(space, RandomVectors(random, 300, 20));
  const VectorSegment segment = test.Open(BestIsa());
  const auto query = RandomVectors(random, 1, 20)[0];
  for (const double density : {0.0, 0.01, 0.5, 0.99, 1.0}) {
    Bitmap allowed(300);
    for (uint32_t i = 0; i < 300; ++i) {
      if (random.Uniform() < density) allowed.Add(i);
    }
    ExpectBest(segment, query, &allowed,
               segment.Search({.vector = query, .top_k = 10, .recall = 1, .allowed = &allowed}));
  }
}

TEST(VectorSegment, RecordsNeedNoVector) {
  const VectorSpace space{.dimensions = 2, .similarity = Similarity::kInnerProduct};
  VectorSegmentBuilder builder(space);
  const std::vector<float> vector = {1, 2};
  ASSERT_TRUE(builder.Add(5, vector).ok());
  const auto bytes = builder.Build(9);
  const auto segment = VectorSegment::Open(bytes);
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(segment->num_records(), 9U);
  EXPECT_FALSE(segment->VectorOf(4).has_value());
  EXPECT_EQ(segment->VectorOf(5), vector);
  EXPECT_EQ(segment->Search({.vector = vector}), (std::vector<VectorHit>{{5, 5.0F}}));
}

TEST(VectorSegment, NoVectorsNoHits) {
  const VectorSpace space{.dimensions = 3};
  const auto bytes = VectorSegmentBuilder(space).Build(4);
  const auto segment = VectorSegment::Open(bytes);
  ASSERT_TRUE(segment.ok());
  EXPECT_TRUE(segment->Search({.vector = std::vector<float>{1, 2, 3}}).empty());
  EXPECT_TRUE(segment->Verify().ok());
}

TEST(VectorSegmentBuilder, RefusesWhatCannotBeCompared) {
  VectorSegmentBuilder builder({.dimensions = 2, .similarity = Similarity::kL2, .storage = VectorStorage::kF16});
  const float infinity = std::numeric_limits<float>::infinity();
  const auto message = [&](std::vector<float> vector) {
    const auto added = builder.Add(0, vector);
    return added.ok() ? std::string() : added.error().Message();
  };
  EXPECT_EQ(message({1}), "vector: got 1 numbers, want 2");
  EXPECT_EQ(message({0, std::nanf("")}), "vector[1]: got nan, want a finite number");
  EXPECT_EQ(message({-infinity, 0}), "vector[0]: got -inf, want a finite number");
  EXPECT_EQ(message({0, 7e4F}), "vector[1]: got 70000.000000, want at most 65504, the largest f16");
  VectorSegmentBuilder floats({.dimensions = 2, .similarity = Similarity::kL2});
  const std::vector<float> huge = {1e19F, 0};
  EXPECT_FALSE(floats.Add(0, huge).ok());
}

TEST(VectorSegment, AChangedByteIsFound) {
  Random random(9);
  const TestSegment test({.dimensions = 8}, RandomVectors(random, 50, 8));
  for (size_t at = 0; at < test.bytes().size(); ++at) {
    std::vector<std::byte> bytes = test.bytes();
    bytes[at] ^= std::byte{4};
    const auto segment = VectorSegment::Open(bytes);
    EXPECT_TRUE(!segment.ok() || !segment->Verify().ok()) << at;
  }
}

TEST(VectorSegment, ACutFileIsFound) {
  const TestSegment test({.dimensions = 8}, {{1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 9}});
  for (size_t size = 0; size < test.bytes().size(); ++size) {
    EXPECT_FALSE(VectorSegment::Open(std::span(test.bytes()).first(size)).ok()) << size;
  }
}

}  // namespace
}  // namespace atelier
