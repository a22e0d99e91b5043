#include "compute/kernel/matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "compute/kernel/pack.h"
#include "compute/kernel/panel_sample.h"

namespace atelier {
namespace {

constexpr uint64_t kSeed = 20261123;

std::vector<float> RandomRows(Random& random, int64_t rows, int64_t k) {
  std::vector<float> x(static_cast<size_t>(rows * k));
  for (float& value : x) value = static_cast<float>(random.Normal());
  return x;
}

// More than one slice of K in every version, and slices of unequal length.
int64_t LongRow(int64_t block) { return block == 256 ? 5 * 256 : 35 * 32; }

struct Quantised {
  AlignedBytes memory;
  ActivationRows rows;
};

Quantised Quantise(Isa isa, const std::vector<float>& x, int64_t num_rows, int64_t k) {
  Quantised out{AlignedBytes(ActivationRows::BytesFor(num_rows, k)), {}};
  out.rows = ActivationRows::Over(out.memory.data(), num_rows, k);
  for (int64_t t = 0; t < num_rows; ++t) MatMulKernelsFor(isa).quantize_row(x.data() + t * k, out.rows, t);
  return out;
}

// Y [rows, n + 3]; the three columns beyond must stay as they are.
constexpr int64_t kGuard = 3;
constexpr float kUntouched = -12345.0f;

std::vector<float> Product(Isa isa, const PackedMatrix& w, const ActivationRows& x, const std::vector<float>& floats,
                           PanelRange panels) {
  std::vector<float> y(static_cast<size_t>(x.num_rows * (w.n + kGuard)), kUntouched);
  AlignedBytes scratch(kMatMulScratchBytes);
  const MatMulKernels& kernels = MatMulKernelsFor(isa);
  if (IsFloatPanel(w.layout.kind)) {
    kernels.multiply_float(w, floats.data(), w.k, x.num_rows, panels, y.data(), w.n + kGuard);
  } else {
    kernels.multiply(w, x, panels, y.data(), w.n + kGuard, scratch.data());
  }
  return y;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class MatMulFormat : public testing::TestWithParam<const char*> {};

TEST_P(MatMulFormat, EveryVersionReturnsTheBitsOfPlain) {
  Random random(kSeed);
  const int64_t block = SampleBlockElements(GetParam());
  for (const int64_t rows : {1, 2, 3, 4, 5, 7, 8, 9, 13, 37}) {
    for (const int64_t k : {block, 3 * block, LongRow(block)}) {
      const int64_t n = 16 * static_cast<int64_t>(random.Below(5)) + 1 + static_cast<int64_t>(random.Below(16));
      const SampleMatrix w = MakeSampleMatrix(GetParam(), n, k, random);
      const std::vector<float> x = RandomRows(random, rows, k);
      const Quantised quantised = Quantise(Isa::kPlain, x, rows, k);
      const PanelRange all{0, w.packed.num_panels()};
      const std::vector<float> want = Product(Isa::kPlain, w.packed, quantised.rows, x, all);
      for (const Isa isa : kFastIsas) {
        if (!Supports(isa)) continue;
        EXPECT_TRUE(SameBits(Product(isa, w.packed, quantised.rows, x, all), want))
            << IsaName(isa) << " rows " << rows << " n " << n << " k " << k << " seed " << kSeed;
      }
    }
  }
}

TEST_P(MatMulFormat, ExtremeCodesNeverSaturate) {
  Random random(kSeed);
  const int64_t k = 2 * std::max<int64_t>(SampleBlockElements(GetParam()), 32);
  for (const int fill : {0x00, 0xff, 0x7f, 0x80}) {
    const SampleMatrix w = MakeFilledMatrix(GetParam(), 16, k, fill);
    for (const float value : {1.0f, -1.0f}) {
      std::vector<float> x(static_cast<size_t>(12 * k), value);  // quantises to +-127
      const Quantised quantised = Quantise(Isa::kPlain, x, 12, k);
      const std::vector<float> want = Product(Isa::kPlain, w.packed, quantised.rows, x, {0, 1});
      for (const Isa isa : kFastIsas) {
        if (!Supports(isa)) continue;
        EXPECT_TRUE(SameBits(Product(isa, w.packed, quantised.rows, x, {0, 1}), want)) << IsaName(isa) << " " << fill;
      }
    }
  }
}

TEST_P(MatMulFormat, ARowDoesNotDependOnTheRowsBesideItNorOnTheSharesOfThreads) {
  Random random(kSeed + 1);
  const int64_t k = LongRow(SampleBlockElements(GetParam()));
  const int64_t rows = 600;  // more than one block of rows
  const int64_t n = 75;
  const SampleMatrix w = MakeSampleMatrix(GetParam(), n, k, random);
  const std::vector<float> x = RandomRows(random, rows, k);
  const Isa isa = BestIsa();
  const Quantised all = Quantise(isa, x, rows, k);
  const std::vector<float> whole = Product(isa, w.packed, all.rows, x, {0, w.packed.num_panels()});
  for (const int64_t t : {int64_t{0}, int64_t{7}, int64_t{511}, int64_t{512}, rows - 1}) {
    const std::vector<float> alone_x(x.begin() + t * k, x.begin() + (t + 1) * k);
    const Quantised alone = Quantise(isa, alone_x, 1, k);
    std::vector<float> y(static_cast<size_t>(n + kGuard), kUntouched);
    for (int thread = 0; thread < 3; ++thread) {
      const std::vector<float> part =
          Product(isa, w.packed, alone.rows, alone_x, PanelShare(w.packed.num_panels(), thread, 3));
      for (size_t i = 0; i < part.size(); ++i) {
        if (part[i] != kUntouched) y[i] = part[i];
      }
    }
    const auto row = whole.begin() + t * (n + kGuard);
    EXPECT_TRUE(SameBits(y, std::vector<float>(row, row + n + kGuard))) << "row " << t;
  }
}

TEST_P(MatMulFormat, ProductIsCloseToThatOfDequantisedWeights) {
  Random random(kSeed + 2);
  const int64_t k = 2 * std::max<int64_t>(SampleBlockElements(GetParam()), 32);
  const SampleMatrix w = MakeSampleMatrix(GetParam(), 16, k, random);
  const std::vector<float> x = RandomRows(random, 1, k);
  const Quantised quantised = Quantise(BestIsa(), x, 1, k);
  const std::vector<float> y = Product(BestIsa(), w.packed, quantised.rows, x, {0, 1});
  std::vector<float> weights(static_cast<size_t>(16 * k));
  DequantizePanel(w.packed.layout, w.packed.panel(0), k, weights.data());
  for (int64_t r = 0; r < 16; ++r) {
    double want = 0;
    double size = 0;
    for (int64_t i = 0; i < k; ++i) {
      const double term = static_cast<double>(weights[static_cast<size_t>(r * k + i)]) * x[static_cast<size_t>(i)];
      want += term;
      size += term * term;
    }
    EXPECT_NEAR(y[static_cast<size_t>(r)], want, 0.03 * std::sqrt(size) + 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MatMulFormat,
                         testing::Values("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q5_K", "Q6_K"),
                         [](const auto& info) { return std::string(info.param); });

TEST(QuantizeRow, EveryVersionReturnsTheBitsOfPlain) {
  Random random(kSeed);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const int64_t k : {1, 15, 16, 17, 31, 32, 33, 64, 100, 576, 1000}) {
    std::vector<float> x = RandomRows(random, 6, k);
    for (int64_t i = 0; i < k; ++i) {
      x[static_cast<size_t>(k + i)] *= 1e-35f;
      x[static_cast<size_t>(2 * k + i)] *= 1e37f;
      x[static_cast<size_t>(3 * k + i)] = std::round(x[static_cast<size_t>(3 * k + i)] * 4) / 254 * 127;  // ties
    }
    x[static_cast<size_t>(4 * k)] = kInfinity;
    x[static_cast<size_t>(5 * k + k - 1)] = std::numeric_limits<float>::quiet_NaN();
    const Quantised want = Quantise(Isa::kPlain, x, 6, k);
    for (const Isa isa : kFastIsas) {
      if (!Supports(isa)) continue;
      const Quantised got = Quantise(isa, x, 6, k);
      EXPECT_EQ(std::memcmp(got.rows.values, want.rows.values, static_cast<size_t>(6 * want.rows.num_groups * 32)), 0);
      for (int64_t g = 0; g < 6 * want.rows.num_groups; ++g) {
        EXPECT_EQ(std::bit_cast<uint32_t>(got.rows.scales[g]), std::bit_cast<uint32_t>(want.rows.scales[g]));
        EXPECT_TRUE(got.rows.scaled_sums[g] == want.rows.scaled_sums[g] || std::isnan(want.rows.scaled_sums[g]));
        EXPECT_EQ(got.rows.neg_sums[2 * g], want.rows.neg_sums[2 * g]);
        EXPECT_EQ(got.rows.neg_sums[2 * g + 1], want.rows.neg_sums[2 * g + 1]);
      }
      for (int64_t row = 0; row < 4; ++row) {  // those that are finite
        std::vector<float> rests[2] = {std::vector<float>(static_cast<size_t>(k)),
                                       std::vector<float>(static_cast<size_t>(k))};
        MatMulKernelsFor(Isa::kPlain).rest_of_row(x.data() + row * k, want.rows, row, rests[0].data());
        MatMulKernelsFor(isa).rest_of_row(x.data() + row * k, want.rows, row, rests[1].data());
        EXPECT_TRUE(SameBits(rests[0], rests[1])) << IsaName(isa) << " k " << k;
      }
    }
  }
}

TEST(QuantizeRow, InfinityAndNanShowInEveryOutput) {
  Random random(kSeed);
  const SampleMatrix w = MakeSampleMatrix("Q8_0", 16, 64, random);
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> x = RandomRows(random, 1, 64);
    x[40] = bad;
    const Quantised quantised = Quantise(BestIsa(), x, 1, 64);
    for (int r = 0; r < 16; ++r) {
      EXPECT_TRUE(std::isnan(Product(BestIsa(), w.packed, quantised.rows, x, {0, 1})[static_cast<size_t>(r)]));
    }
  }
}

TEST(PanelShare, CoversEveryPanelOnce) {
  for (int64_t panels = 0; panels < 40; ++panels) {
    for (int threads = 1; threads < 6; ++threads) {
      int64_t next = 0;
      for (int thread = 0; thread < threads; ++thread) {
        const PanelRange share = PanelShare(panels, thread, threads);
        EXPECT_EQ(share.begin, next);
        next = share.end;
      }
      EXPECT_EQ(next, panels);
    }
  }
}

}  // namespace
}  // namespace atelier
