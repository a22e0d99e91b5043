#include "compute/kernel/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace atelier {
namespace {

constexpr uint32_t kSeed = 404;

std::vector<Isa> Isas() {
  std::vector<Isa> isas = {Isa::kPlain};
  for (const Isa isa : kFastIsas) {
    if (Supports(isa)) isas.push_back(isa);
  }
  return isas;
}

// One head's cache for one sequence whose blocks lie scattered, filled with junk before use.
struct Cache {
  Cache(CacheType type, int head_dim, int64_t positions)
      : layout(MakeKvHeadLayout(type, head_dim)), table(static_cast<size_t>((positions + 15) / 16)) {
    std::iota(table.begin(), table.end(), 1);
    std::shuffle(table.begin(), table.end(), std::mt19937(kSeed));
    memory.assign(static_cast<size_t>(layout.bytes) * (table.size() + 1) / 4, std::bit_cast<float>(0x7fc07fffU));
  }
  std::byte* head(int64_t block) {
    return reinterpret_cast<std::byte*>(memory.data()) + table[static_cast<size_t>(block)] * layout.bytes;
  }
  void Store(const AttentionKernels& kernels, int64_t position, const float* key, const float* value) {
    kernels.store({&layout, head(position / 16), static_cast<int>(position % 16), key, value});
  }

  KvHeadLayout layout;
  std::vector<int32_t> table;
  std::vector<float> memory;
};

struct Problem {
  Problem(int head_dim, int num_heads, int64_t positions) : dim(head_dim), heads(num_heads), size(positions) {
    std::mt19937 random(kSeed + static_cast<uint32_t>(head_dim * 31 + positions));
    std::normal_distribution<float> normal(0, 1.5F);
    for (auto* part : {&keys, &values}) {
      part->resize(static_cast<size_t>(size * dim));
      for (float& x : *part) x = normal(random);
    }
    queries.resize(static_cast<size_t>(size * heads * dim));
    for (float& x : queries) x = normal(random);
  }
  int dim, heads;
  int64_t size;
  std::vector<float> keys, values, queries;
};

// Attends tokens [begin, end); `visible` 0 means causal.
void Attend(const AttentionKernels& kernels, const Problem& p, Cache& cache, int64_t begin, int64_t end,
            int64_t visible, std::vector<float>& out) {
  const auto tokens = static_cast<int>(end - begin);
  std::vector<float> scratch(static_cast<size_t>(AttendScratchFloats(cache.layout, tokens * p.heads)));
  const int64_t stride = int64_t{p.heads} * p.dim;
  kernels.attend({.layout = &cache.layout,
                  .blocks = reinterpret_cast<std::byte*>(cache.memory.data()),
                  .block_stride = cache.layout.bytes,
                  .block_table = cache.table.data(),
                  .query = p.queries.data() + begin * stride,
                  .query_stride = stride,
                  .out = out.data() + begin * stride,
                  .out_stride = stride,
                  .num_tokens = tokens,
                  .num_heads = p.heads,
                  .visible = visible == 0 ? begin + 1 : visible,
                  .visible_step = visible == 0 ? 1 : 0,
                  .scale = 1 / std::sqrt(static_cast<float>(p.dim)),
                  .scratch = scratch.data()});
}

// Stores and attends in slices of the given sizes, each slice after it was stored.
std::vector<float> RunSliced(Isa isa, CacheType type, const Problem& p, const std::vector<int64_t>& slices) {
  const AttentionKernels& kernels = AttentionKernelsFor(isa);
  Cache cache(type, p.dim, p.size);
  std::vector<float> out(p.queries.size());
  int64_t begin = 0;
  for (size_t i = 0; begin < p.size; ++i) {
    const int64_t end = std::min(p.size, begin + slices[i % slices.size()]);
    for (int64_t t = begin; t < end; ++t) cache.Store(kernels, t, &p.keys[t * p.dim], &p.values[t * p.dim]);
    Attend(kernels, p, cache, begin, end, 0, out);
    begin = end;
  }
  return out;
}

// The formula, in double, over keys and values rounded as the cache rounds them.
std::vector<double> Exact(const Problem& p, int64_t visible) {
  std::vector<double> out(p.queries.size());
  for (int64_t row = 0; row < p.size * p.heads; ++row) {
    const int64_t seen = visible == 0 ? row / p.heads + 1 : visible;
    std::vector<double> weight(static_cast<size_t>(seen));
    for (int64_t s = 0; s < seen; ++s) {
      for (int d = 0; d < p.dim; ++d) weight[s] += double{p.queries[row * p.dim + d]} * p.keys[s * p.dim + d];
      weight[s] /= std::sqrt(static_cast<double>(p.dim));
    }
    const double top = *std::max_element(weight.begin(), weight.end());
    double sum = 0;
    for (double& w : weight) sum += w = std::exp(w - top);
    for (int64_t s = 0; s < seen; ++s) {
      for (int d = 0; d < p.dim; ++d) out[row * p.dim + d] += weight[s] / sum * p.values[s * p.dim + d];
    }
  }
  return out;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

constexpr CacheType kTypes[] = {CacheType::kF32, CacheType::kF16, CacheType::kQ8_0};
constexpr int kDims[] = {1, 8, 24, 32, 40, 64, 80, 128};

TEST(Attention, EqualsTheFormulaInDouble) {
  for (const int dim : kDims) {
    const Problem p(dim, 3, 150);
    const std::vector<double> want = Exact(p, 0);
    const double bounds[] = {1e-5, 5e-3, 8e-2};  // of f32 sums; of f16 and of int8 keys and values
    for (const CacheType type : kTypes) {
      const std::vector<float> got = RunSliced(Isa::kPlain, type, p, {150});
      double worst = 0;
      for (size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - want[i]));
      EXPECT_LE(worst, bounds[static_cast<int>(type)]) << "dim " << dim << " type " << static_cast<int>(type);
    }
  }
}

TEST(Attention, EveryVersionGivesTheSameBits) {
  for (const CacheType type : kTypes) {
    for (const int dim : kDims) {
      for (const int heads : {1, 2, 3, 8}) {
        const Problem p(dim, heads, 133);
        const std::vector<float> want = RunSliced(Isa::kPlain, type, p, {133});
        for (const Isa isa : Isas()) {
          EXPECT_TRUE(SameBits(want, RunSliced(isa, type, p, {133})))
              << IsaName(isa) << " dim " << dim << " heads " << heads;
        }
      }
    }
  }
}

TEST(Attention, EveryVersionStoresTheSameBytes) {
  for (const CacheType type : kTypes) {
    for (const int dim : kDims) {
      const Problem p(dim, 1, 40);
      std::vector<float> want;
      for (const Isa isa : Isas()) {
        Cache cache(type, dim, p.size);
        for (int64_t t = 0; t < p.size; ++t) {
          cache.Store(AttentionKernelsFor(isa), t, &p.keys[t * dim], &p.values[t * dim]);
        }
        if (isa == Isa::kPlain) want = cache.memory;
        EXPECT_TRUE(SameBits(want, cache.memory)) << IsaName(isa) << " dim " << dim;
      }
    }
  }
}

TEST(Attention, SlicingDoesNotChangeABit) {
  for (const Isa isa : Isas()) {
    for (const CacheType type : kTypes) {
      const Problem p(64, 3, 200);
      const std::vector<float> want = RunSliced(isa, type, p, {200});
      for (const std::vector<int64_t>& slices : {std::vector<int64_t>{1}, {7, 1, 30}, {64}, {16, 3}}) {
        EXPECT_TRUE(SameBits(want, RunSliced(isa, type, p, slices))) << IsaName(isa);
      }
    }
  }
}

TEST(Attention, BidirectionalRowsSeeEveryPosition) {
  for (const Isa isa : Isas()) {
    const Problem p(32, 1, 77);
    const std::vector<double> want = Exact(p, 77);
    Cache cache(CacheType::kF32, 32, 77);
    for (int64_t t = 0; t < 77; ++t) cache.Store(AttentionKernelsFor(isa), t, &p.keys[t * 32], &p.values[t * 32]);
    std::vector<float> out(p.queries.size());
    Attend(AttentionKernelsFor(isa), p, cache, 0, 50, 77, out);
    Attend(AttentionKernelsFor(isa), p, cache, 50, 77, 77, out);
    for (size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], want[i], 1e-5);
  }
}

// Real keys have a few dimensions many times larger than the rest. Without a turn the eight-bit cache leaves the others
// of their group a handful of codes.
TEST(Attention, AnEightBitCacheKeepsSmallDimensionsBesideLargeOnes) {
  for (const int dim : {64, 32, 80, 128}) {
    Problem p(dim, 3, 150);
    for (int64_t t = 0; t < p.size; ++t) p.keys[t * dim + 5] += 60, p.values[t * dim + 9] -= 60;
    for (int64_t row = 0; row < p.size * p.heads; ++row) p.queries[row * dim + 5] = 0.1F;
    const std::vector<double> want = Exact(p, 0);
    const std::vector<float> got = RunSliced(BestIsa(), CacheType::kQ8_0, p, {150});
    double squares = 0;
    for (size_t i = 0; i < got.size(); ++i) squares += (got[i] - want[i]) * (got[i] - want[i]);
    EXPECT_LE(std::sqrt(squares / static_cast<double>(got.size())), 0.035) << dim;
  }
}

TEST(Attention, HugeKeysSaturateInsteadOfPoisoningTheCache) {
  for (const Isa isa : Isas()) {
    for (const CacheType type : {CacheType::kF16, CacheType::kQ8_0}) {
      Problem p(32, 1, 20);
      for (int d = 0; d < 32; ++d) p.keys[3 * 32 + d] = 1e9F, p.values[3 * 32 + d] = -1e9F;
      for (const float x : RunSliced(isa, type, p, {20})) EXPECT_TRUE(std::isfinite(x));
    }
  }
}

}  // namespace
}  // namespace atelier
