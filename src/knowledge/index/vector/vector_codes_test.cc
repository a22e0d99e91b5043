// Segments large enough to be coded and partitioned.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"
#include "knowledge/index/vector/vector_testing.h"

namespace atelier {
namespace {

std::set<uint32_t> IdsOf(const std::vector<VectorHit>& hits) {
  std::set<uint32_t> ids;
  for (const VectorHit& hit : hits) ids.insert(hit.id);
  return ids;
}

// The mean share of BruteForce's best 10 that the segment finds for `queries`.
double RecallOf(const VectorSegment& segment, const Vectors& queries, VectorQuery query) {
  double sum = 0;
  for (const auto& vector : queries) {
    query.vector = vector;
    const auto want = IdsOf(BruteForce(segment, vector, query.allowed, 10));
    const auto got = IdsOf(segment.Search(query));
    const auto found = std::count_if(got.begin(), got.end(), [&](uint32_t id) { return want.contains(id); });
    sum += want.empty() ? 1 : static_cast<double>(found) / static_cast<double>(want.size());
  }
  return sum / static_cast<double>(queries.size());
}

TEST(VectorCodes, EveryPlanFindsWhatIsWantedInEverySpace) {
  for (const VectorSpace& space : AllSpaces(24)) {
    Random random(11);
    const Vectors all = SurfaceVectors(random, 2040, 24, 8);
    const Vectors vectors(all.begin(), all.begin() + 2000);
    const Vectors queries(all.begin() + 2000, all.end());
    const TestSegment test(space, vectors);
    const VectorSegment segment = test.Open();
    ASSERT_GT(segment.num_partitions(), 20U);
    EXPECT_TRUE(segment.Verify().ok());
    EXPECT_GE(RecallOf(segment, queries, {.recall = 0.9, .plan = VectorPlan::kPartitions}), 0.8);
    EXPECT_GE(RecallOf(segment, queries, {.recall = 0.9, .plan = VectorPlan::kCodes}), 0.85);
    EXPECT_GE(RecallOf(segment, queries, {.recall = 1, .plan = VectorPlan::kCodes}), 0.995);
    EXPECT_GE(RecallOf(segment, queries, {.recall = 1, .plan = VectorPlan::kExact}), 0.999);
  }
}

TEST(VectorCodes, EveryProcessorFindsTheSameHits) {
  for (const VectorSpace& space : AllSpaces(40)) {
    Random random(12);
    const TestSegment test(space, SurfaceVectors(random, 1500, 40, 30));
    const Vectors queries = SurfaceVectors(random, 8, 40, 30);
    const VectorSegment plain = test.Open(Isa::kPlain);
    for (const Isa isa : RunnableIsas()) {
      const VectorSegment segment = test.Open(isa);
      for (const auto& query : queries) {
        for (const auto plan : {VectorPlan::kExact, VectorPlan::kCodes, VectorPlan::kPartitions}) {
          EXPECT_EQ(segment.Search({.vector = query, .top_k = 20, .plan = plan}),
                    plain.Search({.vector = query, .top_k = 20, .plan = plan}));
        }
      }
    }
  }
}

TEST(VectorCodes, TheSameBytesWhateverTheNumberOfThreads) {
  Random random(13);
  const Vectors vectors = SurfaceVectors(random, 3000, 32, 10);
  const VectorSpace space{.dimensions = 32, .similarity = Similarity::kL2};
  const TestSegment one(space, vectors, {.num_threads = 1});
  EXPECT_EQ(one.bytes(), TestSegment(space, vectors, {.num_threads = 3}).bytes());
  EXPECT_NE(one.bytes(), TestSegment(space, vectors, {.num_threads = 1, .seed = 2}).bytes());
}

TEST(VectorCodes, FiltersOfEveryDensity) {
  Random random(14);
  const Vectors all = SurfaceVectors(random, 4020, 24, 8);
  const Vectors vectors(all.begin(), all.begin() + 4000);
  const Vectors queries(all.begin() + 4000, all.end());
  const TestSegment test({.dimensions = 24}, vectors);
  const VectorSegment segment = test.Open();
  for (const double density : {0.0, 0.001, 0.005, 0.02, 0.1, 0.3, 0.6, 0.99, 1.0}) {
    Bitmap allowed(4000);
    for (uint32_t i = 0; i < 4000; ++i) {
      if (random.Uniform() < density) allowed.Add(i);
    }
    for (const auto plan : {VectorPlan::kAuto, VectorPlan::kExact, VectorPlan::kCodes}) {
      EXPECT_GE(RecallOf(segment, queries, {.recall = 1, .allowed = &allowed, .plan = plan}), 0.99) << density;
    }
    EXPECT_GE(RecallOf(segment, queries, {.recall = 0.9, .allowed = &allowed}), 0.8) << density;
    EXPECT_GE(RecallOf(segment, queries, {.recall = 0.9, .allowed = &allowed, .plan = VectorPlan::kPartitions}), 0.8)
        << density;
    for (const VectorHit& hit : segment.Search({.vector = queries[0], .top_k = 500, .allowed = &allowed})) {
      EXPECT_TRUE(allowed.Has(hit.id));
    }
  }
}

// Only records far from the query pass, or only those near it.
TEST(VectorCodes, FiltersThatGoWithTheQuery) {
  Random random(15);
  const Vectors all = SurfaceVectors(random, 4010, 24, 8);
  const Vectors vectors(all.begin(), all.begin() + 4000);
  const Vectors queries(all.begin() + 4000, all.end());
  const TestSegment test({.dimensions = 24}, vectors);
  const VectorSegment segment = test.Open();
  for (const auto& query : queries) {
    const auto order = BruteForce(segment, query, nullptr, 4000);
    for (const bool near : {false, true}) {
      Bitmap allowed(4000);
      for (size_t i = 0; i < 1000; ++i) allowed.Add(order[near ? i : order.size() - 1 - i].id);
      for (const auto plan : {VectorPlan::kAuto, VectorPlan::kPartitions}) {
        EXPECT_GE(RecallOf(segment, {query}, {.recall = 0.99, .allowed = &allowed, .plan = plan}), 0.8);
      }
    }
  }
}

TEST(VectorCodes, EqualVectorsAreHitsInOrderOfTheirIds) {
  const TestSegment test({.dimensions = 16, .similarity = Similarity::kL2},
                         Vectors(1500, std::vector<float>(16, 0.25F)));
  const VectorSegment segment = test.Open();
  for (const auto plan : {VectorPlan::kCodes, VectorPlan::kPartitions}) {
    const auto hits = segment.Search({.vector = std::vector<float>(16, 0.5F), .top_k = 3, .plan = plan});
    ASSERT_EQ(hits.size(), 3U);
    for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(hits[i].id, i);
  }
}

TEST(VectorCodes, ZeroTinyAndHugeVectors) {
  for (const VectorSpace& space : AllSpaces(16)) {
    if (space.storage == VectorStorage::kF16 && space.similarity != Similarity::kCosine) continue;  // refused by Check
    Random random(16);
    Vectors vectors = SurfaceVectors(random, 1600, 16, 6);
    for (size_t i = 0; i < 100; ++i) std::fill(vectors[i].begin(), vectors[i].end(), 0.0F);
    for (size_t i = 100; i < 200; ++i) {
      for (float& x : vectors[i]) x *= i < 150 ? 1e17F : 1e-30F;
    }
    const TestSegment test(space, vectors);
    const VectorSegment segment = test.Open();
    for (const size_t i : {0U, 120U, 170U, 300U}) {
      EXPECT_GE(RecallOf(segment, {vectors[i]}, {.recall = 1, .plan = VectorPlan::kExact}), 0.0);
      const auto hits = segment.Search({.vector = vectors[i], .top_k = 1600, .recall = 1, .plan = VectorPlan::kCodes});
      EXPECT_EQ(hits.size(), 1600U);
      for (const VectorHit& hit : hits) EXPECT_TRUE(std::isfinite(hit.score));
    }
  }
}

// A few vectors in a direction that the sample of principal axes hardly sees.
TEST(VectorCodes, AFewVectorsApartFromAllOthersAreFound) {
  Random random(17);
  Vectors vectors = RandomVectors(random, 3000, 64);
  for (auto& vector : vectors) std::fill(vector.begin() + 8, vector.end(), 0.0F);
  for (uint32_t i = 0; i < 12; ++i) {
    std::fill(vectors[i * 7].begin(), vectors[i * 7].end(), 0.0F);
    vectors[i * 7][63] = 1;
    vectors[i * 7][62] = 0.01F * static_cast<float>(i);
  }
  const TestSegment test({.dimensions = 64}, vectors);
  const VectorSegment segment = test.Open();
  std::vector<float> query(64, 0.0F);
  query[63] = 1;
  for (const auto plan : {VectorPlan::kCodes, VectorPlan::kPartitions}) {
    const auto hits = segment.Search({.vector = query, .top_k = 10, .plan = plan});
    ASSERT_EQ(hits.size(), 10U);
    for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(hits[i].id, i * 7);
  }
}

TEST(VectorCodes, ScoresBelowTheLeastWantedAreNoHits) {
  Random random(18);
  const Vectors vectors = SurfaceVectors(random, 2000, 24, 8);
  const TestSegment test({.dimensions = 24}, vectors);
  const VectorSegment segment = test.Open();
  const auto all = segment.Search({.vector = vectors[5], .top_k = 100, .recall = 1, .plan = VectorPlan::kExact});
  const float least = all[30].score;
  for (const auto plan : {VectorPlan::kExact, VectorPlan::kCodes}) {
    EXPECT_EQ(segment.Search({.vector = vectors[5], .top_k = 100, .recall = 1, .at_least = least, .plan = plan}).size(),
              31U);
  }
}

TEST(VectorCodes, ABatchHasTheHitsOfItsQueries) {
  Random random(19);
  const TestSegment test({.dimensions = 24}, SurfaceVectors(random, 3000, 24, 8));
  const VectorSegment segment = test.Open();
  const Vectors vectors = SurfaceVectors(random, 100, 24, 8);
  Bitmap allowed(3000);
  for (uint32_t i = 0; i < 3000; i += 3) allowed.Add(i);
  std::vector<VectorQuery> queries;
  for (size_t i = 0; i < vectors.size(); ++i) {
    queries.push_back({.vector = vectors[i],
                       .top_k = static_cast<int32_t>(i % 13),
                       .recall = i % 2 == 0 ? 0.9 : 1,
                       .allowed = i % 3 == 0 ? &allowed : nullptr});
  }
  const auto hits = segment.SearchBatch(queries);
  ASSERT_EQ(hits.size(), queries.size());
  for (size_t i = 0; i < queries.size(); ++i) EXPECT_EQ(hits[i], segment.Search(queries[i])) << i;
}

}  // namespace
}  // namespace atelier
