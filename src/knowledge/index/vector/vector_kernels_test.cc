// Every version of a kernel gives the bits of the plain one.
#include "knowledge/index/vector/vector_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "base/bitmap.h"
#include "base/random.h"
#include "knowledge/index/vector/code_layout.h"
#include "knowledge/index/vector/vector_testing.h"

namespace atelier {
namespace {

constexpr CodeLayout kLayouts[] = {{4, 0, 0}, {0, 3, 0}, {0, 0, 2}, {2, 1, 1}, {48, 0, 0}, {0, 0, 12}, {2, 4, 9}};

struct RandomScan {
  RandomScan(const CodeLayout& layout, uint32_t num_blocks, Random& random)
      : codes(num_blocks * layout.BlockBytes()),
        factors(num_blocks * 16),
        addends(num_blocks * 16),
        weights(layout.NumAxes() / 4) {
    for (auto& code : codes) code = static_cast<std::byte>(random.Below(256));
    for (auto& factor : factors) factor = static_cast<float>(random.Uniform());
    for (auto& addend : addends) addend = static_cast<float>(random.Normal());
    for (auto& weight : weights) weight = static_cast<int32_t>(random.Next32());
    scan = {.layout = layout,
            .block_bytes = layout.BlockBytes(),
            .codes = codes.data(),
            .factors = factors.data(),
            .addends = addends.data(),
            .addend_stride = 16,
            .weights = weights.data(),
            .scale = 0.01F,
            .offset = 0.5F,
            .margin = 0.1F};
  }
  std::vector<std::byte> codes;
  std::vector<float> factors, addends;
  std::vector<int32_t> weights;
  CodeScan scan;
};

bool Same(const std::vector<Candidate>& a, const std::vector<Candidate>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Candidate)) == 0;
}

std::vector<Candidate> Range(const ScanKernels& kernels, const CodeScan& scan, uint32_t first, uint32_t last,
                             const uint16_t* masks, float threshold) {
  std::vector<Candidate> out(last - first + 32);
  out.resize(kernels.scan_range(scan, first, last, masks, threshold, out.data()));
  return out;
}

TEST(ScanKernels, ScansFindTheSameCandidates) {
  Random random(31);
  const ScanKernels& plain = ScanKernelsFor(Isa::kPlain);
  for (const CodeLayout& layout : kLayouts) {
    const RandomScan made(layout, 20, random);
    std::vector<uint16_t> masks(20);
    std::vector<uint32_t> blocks(20);
    for (auto& mask : masks) mask = static_cast<uint16_t>(random.Next32());
    for (uint32_t i = 0; i < 20; ++i) blocks[i] = (i * 7) % 20;
    for (const Isa isa : RunnableIsas()) {
      const ScanKernels& kernels = ScanKernelsFor(isa);
      for (const auto& [first, last] : {std::pair{0U, 320U}, {3U, 4U}, {15U, 33U}, {17U, 31U}, {64U, 64U}}) {
        for (const float threshold : {-1e30F, 0.5F, 1e30F}) {
          EXPECT_TRUE(Same(Range(kernels, made.scan, first, last, nullptr, threshold),
                           Range(plain, made.scan, first, last, nullptr, threshold)));
          EXPECT_TRUE(Same(Range(kernels, made.scan, first, last, masks.data(), threshold),
                           Range(plain, made.scan, first, last, masks.data(), threshold)));
        }
      }
      std::vector<Candidate> got(340);
      std::vector<Candidate> want(340);
      got.resize(kernels.scan_blocks(made.scan, blocks.data(), masks.data(), 20, 0.1F, got.data()));
      want.resize(plain.scan_blocks(made.scan, blocks.data(), masks.data(), 20, 0.1F, want.data()));
      EXPECT_TRUE(Same(got, want));
    }
  }
}

// The sum of weight * code, read bit by bit where CodeLayout says the code is.
TEST(ScanKernels, EstimatesAreTheWeightedSumsOfCodes) {
  Random random(32);
  for (const CodeLayout& layout : kLayouts) {
    const RandomScan made(layout, 2, random);
    const auto found = Range(ScanKernelsFor(BestIsa()), made.scan, 0, 32, nullptr, -1e30F);
    ASSERT_EQ(found.size(), 32U);
    for (const Candidate& candidate : found) {
      double dot = 0;
      for (uint32_t axis = 0; axis < layout.NumAxes(); ++axis) {
        const auto place = layout.PlaceOf(axis, candidate.position % 16);
        const auto byte = static_cast<int>(made.codes[candidate.position / 16 * layout.BlockBytes() + place.byte]);
        dot += reinterpret_cast<const int8_t*>(made.weights.data())[axis] *
               (byte >> place.shift & ((1 << layout.BitsOf(axis)) - 1));
      }
      const double want = made.factors[candidate.position] * (0.01 * dot + 0.5) + made.addends[candidate.position];
      EXPECT_NEAR(candidate.estimate, want, 1e-3 * (1 + std::abs(want)));
    }
  }
}

TEST(ScanKernels, ScoresAndProjectionsHaveTheSameBits) {
  Random random(33);
  const ScanKernels& plain = ScanKernelsFor(Isa::kPlain);
  for (const int n : {1, 15, 16, 17, 100}) {
    for (const VectorSpace& space : AllSpaces(n)) {
      const Vectors vectors = RandomVectors(random, 11, n);
      std::vector<std::byte> rows(vectors.size() * space.RowBytes());
      std::vector<uint32_t> positions(9);
      for (size_t i = 0; i < vectors.size(); ++i) {
        space.Encode(vectors[i], std::span(rows).subspan(i * space.RowBytes(), space.RowBytes()));
      }
      for (auto& position : positions) position = static_cast<uint32_t>(random.Below(11));
      const auto storage = static_cast<size_t>(space.storage);
      for (const Isa isa : RunnableIsas()) {
        for (const bool distance : {false, true}) {
          const auto scores = [&](const ScanKernels& kernels) {
            std::vector<float> out(9);
            (distance ? kernels.squared_distance : kernels.inner_product)[storage](
                vectors[0].data(), rows.data(), space.RowBytes(), positions.data(), 9, n, out.data());
            return out;
          };
          EXPECT_EQ(scores(ScanKernelsFor(isa)), scores(plain));
        }
      }
    }
    const std::vector<float> blocks = RandomVectors(random, 1, 11 * 16 * n)[0];
    const std::vector<float> start = RandomVectors(random, 1, 11 * 16)[0];
    for (const Isa isa : RunnableIsas()) {
      std::vector<float> got(11 * 16);
      std::vector<float> want(11 * 16);
      ScanKernelsFor(isa).project(blocks.data(), start.data(), blocks.data(), 11, n, got.data());
      plain.project(blocks.data(), start.data(), blocks.data(), 11, n, want.data());
      EXPECT_EQ(got, want);
    }
  }
}

TEST(ScanKernels, MembersAreThoseOfTheBitmap) {
  Random random(34);
  Bitmap set(1000);
  for (int i = 0; i < 300; ++i) set.Add(static_cast<uint32_t>(random.Below(1000)));
  std::vector<uint32_t> ids(16);
  for (auto& id : ids) id = static_cast<uint32_t>(random.Below(1000));
  for (const Isa isa : RunnableIsas()) {
    for (int num = 0; num <= 16; ++num) {
      const uint16_t members = ScanKernelsFor(isa).members(set.words().data(), ids.data(), num);
      for (int i = 0; i < 16; ++i) EXPECT_EQ(members >> i & 1, i < num && set.Has(ids[static_cast<size_t>(i)]) ? 1 : 0);
    }
  }
}

TEST(CodeLayout, BitsGoWhereVarianceIs) {
  std::vector<double> steep(384, 1e-4);
  std::fill(steep.begin(), steep.begin() + 32, 0.03);
  EXPECT_EQ(ChooseLayout(steep, 96), (CodeLayout{4, 0, 0}));
  const CodeLayout flat = ChooseLayout(std::vector<double>(384, 1.0 / 384), 96);
  EXPECT_EQ(flat.NumAxes(), 384U);
  EXPECT_LE(flat.BytesOfVector(), 96U);
  EXPECT_LE(ChooseLayout(std::vector<double>{1.0}, 16).BytesOfVector(), 16U);
}

}  // namespace
}  // namespace atelier
