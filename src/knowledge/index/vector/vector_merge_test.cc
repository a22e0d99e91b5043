// Segments made of older segments: what is deleted leaves, what is added is found, and neither costs recall.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/random.h"
#include "knowledge/index/vector/partitions.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"
#include "knowledge/index/vector/vector_testing.h"

namespace atelier {
namespace {

struct Measured {
  double recall = 0;
  double num_codes = 0;
};

Measured Measure(const VectorSegment& segment, const Vectors& queries, double wanted) {
  Measured measured;
  for (const auto& vector : queries) {
    VectorSearchStats stats;
    const auto hits =
        segment.Search({.vector = vector, .recall = wanted, .plan = VectorPlan::kPartitions, .stats = &stats});
    std::set<uint32_t> want;
    for (const VectorHit& hit : BruteForce(segment, vector, nullptr, 10)) want.insert(hit.id);
    for (const VectorHit& hit : hits) measured.recall += want.contains(hit.id);
    measured.num_codes += static_cast<double>(stats.num_codes);
  }
  measured.recall /= static_cast<double>(10 * queries.size());
  measured.num_codes /= static_cast<double>(queries.size());
  return measured;
}

// New ids for an old segment's records, those below `first` deleted.
std::vector<uint32_t> WithoutFirst(uint32_t num, uint32_t first) {
  std::vector<uint32_t> new_ids(num, VectorSegmentBuilder::kNotKept);
  for (uint32_t i = first; i < num; ++i) new_ids[i] = i - first;
  return new_ids;
}

TEST(VectorMerge, MergedSegmentsHoldWhatIsKept) {
  Random random(21);
  const VectorSpace space{.dimensions = 12, .storage = VectorStorage::kInt8};
  const Vectors left = SurfaceVectors(random, 1200, 12, 6);
  const Vectors right = SurfaceVectors(random, 300, 12, 6);
  const TestSegment a(space, left);
  const TestSegment b(space, right);
  const VectorSegment first = a.Open();
  const VectorSegment second = b.Open();
  std::vector<uint32_t> of_first(1200);
  std::vector<uint32_t> of_second(300);
  for (uint32_t i = 0; i < 1200; ++i) of_first[i] = i % 4 == 0 ? VectorSegmentBuilder::kNotKept : i;
  std::iota(of_second.begin(), of_second.end(), 1200U);
  VectorSegmentBuilder builder(space);
  builder.AddSegment(first, of_first);
  builder.AddSegment(second, of_second);
  ASSERT_TRUE(builder.Add(1500, left[0]).ok());
  EXPECT_EQ(builder.num_vectors(), 900U + 300U + 1U);
  const auto bytes = builder.Build(1501);
  const auto merged = VectorSegment::Open(bytes);
  ASSERT_TRUE(merged.ok());
  EXPECT_TRUE(merged->Verify().ok());
  for (uint32_t i = 0; i < 1200; ++i) {
    EXPECT_EQ(merged->VectorOf(i), i % 4 == 0 ? std::nullopt : first.VectorOf(i)) << i;
  }
  for (uint32_t i = 0; i < 300; ++i) EXPECT_EQ(merged->VectorOf(1200 + i), second.VectorOf(i)) << i;
  EXPECT_EQ(merged->VectorOf(1500), first.VectorOf(0));
  EXPECT_EQ(merged->Search({.vector = left[4]}).size(), 10U);
}

TEST(VectorMerge, ReplacingNineTenthsKeepsRecall) {
  constexpr uint32_t kNum = 3000;
  constexpr uint32_t kStep = 300;
  for (const auto similarity : {Similarity::kCosine, Similarity::kL2}) {
    Random random(22);
    const VectorSpace space{.dimensions = 24, .similarity = similarity};
    const Vectors all = SurfaceVectors(random, kNum + 9 * kStep + 60, 24, 8);
    const Vectors queries(all.end() - 60, all.end());
    std::vector<std::byte> bytes = TestSegment(space, Vectors(all.begin(), all.begin() + kNum)).bytes();
    for (uint32_t step = 0; step < 9; ++step) {
      const auto old = VectorSegment::Open(bytes);
      ASSERT_TRUE(old.ok());
      VectorSegmentBuilder builder(space);
      builder.AddSegment(*old, WithoutFirst(kNum, kStep));
      for (uint32_t i = 0; i < kStep; ++i)
        ASSERT_TRUE(builder.Add(kNum - kStep + i, all[kNum + step * kStep + i]).ok());
      bytes = builder.Build(kNum);
    }
    const auto replaced = VectorSegment::Open(bytes);
    ASSERT_TRUE(replaced.ok());
    const TestSegment anew(space, Vectors(all.begin() + 9 * kStep, all.begin() + 9 * kStep + kNum));
    const VectorSegment fresh = anew.Open();
    const Measured got = Measure(*replaced, queries, 0.9);
    const Measured want = Measure(fresh, queries, 0.9);
    EXPECT_GE(got.recall, 0.95 * want.recall);
    EXPECT_LE(got.num_codes, 2 * want.num_codes);
  }
}

// All that is new comes from where the first partitions hardly reach.
TEST(VectorMerge, RecordsThatMoveElsewhereKeepRecall) {
  Random random(23);
  const VectorSpace space{.dimensions = 16, .similarity = Similarity::kL2};
  Vectors all = SurfaceVectors(random, 6050, 16, 8);
  for (size_t i = 2000; i < all.size(); ++i) {
    for (float& x : all[i]) x += 1;
  }
  std::vector<std::byte> bytes = TestSegment(space, Vectors(all.begin(), all.begin() + 2000)).bytes();
  for (uint32_t num = 2000; num < 6000; num += 500) {
    const auto old = VectorSegment::Open(bytes);
    ASSERT_TRUE(old.ok());
    VectorSegmentBuilder builder(space);
    builder.AddSegment(*old, WithoutFirst(num, 0));
    for (uint32_t i = num; i < num + 500; ++i) ASSERT_TRUE(builder.Add(i, all[i]).ok());
    bytes = builder.Build(num + 500);
  }
  const auto grown = VectorSegment::Open(bytes);
  ASSERT_TRUE(grown.ok());
  const Vectors queries(all.end() - 50, all.end());
  EXPECT_GE(Measure(*grown, queries, 0.9).recall, 0.8);
  EXPECT_LE(Measure(*grown, queries, 0.9).num_codes, 3000);
}

std::vector<size_t> SizesOf(const Partitions& partitions, size_t num_axes) {
  std::vector<size_t> sizes(partitions.centroids.size() / num_axes, 0);
  for (const uint32_t of : partitions.of) ++sizes.at(of);
  return sizes;
}

std::vector<float> RandomPoints(Random& random, size_t num, size_t num_axes, float at) {
  std::vector<float> points(num * num_axes);
  for (float& x : points) x = at + static_cast<float>(random.Normal());
  return points;
}

TEST(Partitions, WhatHasGrownIsSplit) {
  Random random(24);
  const std::vector<float> all = RandomPoints(random, 2000, 16, 0);
  const Points points{.all = all, .num_axes = 16, .stride = 16};
  const auto& kernels = ScanKernelsFor(BestIsa());
  const Partitions mended = AdoptPartitions(std::vector<float>(16, 0.0F), std::vector<uint32_t>(2000, 0), points,
                                            {.wanted_size = 50}, kernels);
  const auto sizes = SizesOf(mended, 16);
  EXPECT_GT(sizes.size(), 12U);
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 150U);
}

TEST(Partitions, WhatHasShrunkIsDissolved) {
  Random random(25);
  const std::vector<float> all = RandomPoints(random, 100, 16, 0);
  const Points points{.all = all, .num_axes = 16, .stride = 16};
  std::vector<uint32_t> of(100);
  for (uint32_t i = 0; i < 100; ++i) of[i] = i < 40 ? 0 : i < 80 ? 1 : i - 78;  // two of 40 and twenty of one
  const Partitions mended =
      AdoptPartitions(RandomPoints(random, 22, 16, 0), of, points, {.wanted_size = 40}, ScanKernelsFor(BestIsa()));
  EXPECT_EQ(SizesOf(mended, 16).size(), 2U);
}

TEST(Partitions, EqualPointsStayTogether) {
  const std::vector<float> all(16 * 500, 1.0F);
  const Points points{.all = all, .num_axes = 16, .stride = 16};
  const Partitions partitions = TrainPartitions(points, {.wanted_size = 20}, ScanKernelsFor(BestIsa()));
  EXPECT_EQ(SizesOf(partitions, 16), (std::vector<size_t>{500}));
}

}  // namespace
}  // namespace atelier
