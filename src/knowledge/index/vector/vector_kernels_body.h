// The kernels over Lanes; the .cc files include it after a lanes_*.h, once for each instruction set, and after
//   Lanes BlockDots(const CodeScan&, const std::byte* block)   the 16 sums of weight * code; below 2^24, so exact
//   uint32_t AtLeast(Lanes a, float threshold)                 bit l: a[l] >= threshold; 0 for NaN
//   uint16_t Members(...)                                      see ScanKernels
#pragma once

#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {
namespace {

// How a row of each storage is read: 16 values at element i, or the first count of them.
struct FloatRow {
  explicit FloatRow(const std::byte* row) : at(reinterpret_cast<const float*>(row)) {}
  Lanes Sixteen(int64_t i) const { return Load(at + i); }
  Lanes First(int64_t i, int count) const { return LoadFirst(at + i, count); }
  static constexpr bool kScales = false;
  const float* at;
};

struct HalfRow {
  explicit HalfRow(const std::byte* row) : at(reinterpret_cast<const uint16_t*>(row)) {}
  Lanes Sixteen(int64_t i) const { return LoadHalf(at + i); }
  Lanes First(int64_t i, int count) const {
    uint16_t padded[kLanes] = {};
    for (int j = 0; j < count; ++j) padded[j] = at[i + j];
    return LoadHalf(padded);
  }
  static constexpr bool kScales = false;
  const uint16_t* at;
};

struct Int8Row {
  explicit Int8Row(const std::byte* row)
      : scale(*reinterpret_cast<const float*>(row)), at(reinterpret_cast<const int8_t*>(row) + sizeof(float)) {}
  Lanes Sixteen(int64_t i) const { return LoadInt8(at + i); }
  Lanes First(int64_t i, int count) const {
    int8_t padded[kLanes] = {};
    for (int j = 0; j < count; ++j) padded[j] = at[i + j];
    return LoadInt8(padded);
  }
  static constexpr bool kScales = true;
  float scale;
  const int8_t* at;
};

struct InnerProduct {
  template <class Row>
  static Lanes Step(const Row&, Lanes query, Lanes value, Lanes sum) {
    return Fma(query, value, sum);
  }
  template <class Row>
  static float Finish(const Row& row, Lanes sum) {
    if constexpr (Row::kScales) return ReduceAdd(sum) * row.scale;
    return ReduceAdd(sum);
  }
};

struct SquaredDistance {
  template <class Row>
  static Lanes Step(const Row& row, Lanes query, Lanes value, Lanes sum) {
    if constexpr (Row::kScales) value = Mul(value, Splat(row.scale));
    const Lanes difference = Sub(query, value);
    return Fma(difference, difference, sum);
  }
  template <class Row>
  static float Finish(const Row&, Lanes sum) {
    return -ReduceAdd(sum);
  }
};

constexpr int kRowsAtOnce = 4;  // sums that run beside each other: one alone would wait for itself

template <class Metric, class Row, int kCount>
inline void ScoreTogether(const float* query, const std::byte* const* row_bytes, int64_t n, float* out) {
  const Row rows[4] = {Row(row_bytes[0]), Row(row_bytes[kCount > 1 ? 1 : 0]), Row(row_bytes[kCount > 2 ? 2 : 0]),
                       Row(row_bytes[kCount > 3 ? 3 : 0])};
  Lanes sums[kCount];
  for (int r = 0; r < kCount; ++r) sums[r] = Splat(0.0F);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Lanes q = Load(query + i);
    for (int r = 0; r < kCount; ++r) sums[r] = Metric::Step(rows[r], q, rows[r].Sixteen(i), sums[r]);
  }
  if (i < n) {
    const int count = static_cast<int>(n - i);
    const Lanes q = LoadFirst(query + i, count);
    for (int r = 0; r < kCount; ++r) sums[r] = Metric::Step(rows[r], q, rows[r].First(i, count), sums[r]);
  }
  for (int r = 0; r < kCount; ++r) out[r] = Metric::Finish(rows[r], sums[r]);
}

inline void PrefetchRow(const std::byte* row, size_t row_bytes) {
  for (size_t at = 0; at < row_bytes; at += 64) __builtin_prefetch(row + at);
}

// Rows lie anywhere in a large file: those of the next round are asked for while this one is summed.
template <class Metric, class Row>
void Score(const float* query, const std::byte* rows, size_t row_bytes, const uint32_t* positions, int64_t num_rows,
           int64_t n, float* out) {
  const std::byte* at[kRowsAtOnce];
  int64_t i = 0;
  for (int64_t j = 0; j < kRowsAtOnce && j < num_rows; ++j) PrefetchRow(rows + positions[j] * row_bytes, row_bytes);
  for (; i + kRowsAtOnce <= num_rows; i += kRowsAtOnce) {
    for (int64_t j = i + kRowsAtOnce; j < i + 2 * kRowsAtOnce && j < num_rows; ++j) {
      PrefetchRow(rows + positions[j] * row_bytes, row_bytes);
    }
    for (int r = 0; r < kRowsAtOnce; ++r) at[r] = rows + positions[i + r] * row_bytes;
    ScoreTogether<Metric, Row, kRowsAtOnce>(query, at, n, out + i);
  }
  for (; i < num_rows; ++i) {
    at[0] = rows + positions[i] * row_bytes;
    ScoreTogether<Metric, Row, 1>(query, at, n, out + i);
  }
}

// kCount blocks side by side, so that no sum waits for itself. Sums run over d in order.
template <int kCount>
inline void ProjectTogether(const float* blocks, const float* start, const float* x, int64_t n, float* y) {
  Lanes sums[kCount];
  for (int b = 0; b < kCount; ++b) sums[b] = Load(start + b * kLanes);
  for (int64_t d = 0; d < n; ++d) {
    const Lanes value = Splat(x[d]);
    for (int b = 0; b < kCount; ++b) sums[b] = Fma(value, Load(blocks + (b * n + d) * kLanes), sums[b]);
  }
  for (int b = 0; b < kCount; ++b) Store(y + b * kLanes, sums[b]);
}

void Project(const float* blocks, const float* start, const float* x, int64_t num_blocks, int64_t n, float* y) {
  int64_t b = 0;
  for (; b + 8 <= num_blocks; b += 8)
    ProjectTogether<8>(blocks + b * n * kLanes, start + b * kLanes, x, n, y + b * kLanes);
  for (; b + 2 <= num_blocks; b += 2)
    ProjectTogether<2>(blocks + b * n * kLanes, start + b * kLanes, x, n, y + b * kLanes);
  for (; b < num_blocks; ++b) ProjectTogether<1>(blocks + b * n * kLanes, start + b * kLanes, x, n, y + b * kLanes);
}

// The candidates of one block, written behind `out`.
inline size_t ScanBlock(const CodeScan& scan, uint32_t block, uint32_t mask, float threshold, Candidate* out) {
  const Lanes dots = BlockDots(scan, scan.codes + block * scan.block_bytes);
  const Lanes factors = Load(scan.factors + block * kBlockVectors);
  const Lanes addends = Load(scan.addends + block * scan.addend_stride);
  const Lanes product = Fma(dots, Splat(scan.scale), Splat(scan.offset));
  const Lanes bound = Fma(factors, Add(product, Splat(scan.margin)), addends);
  uint32_t chosen = AtLeast(bound, threshold) & mask;
  if (chosen == 0) return 0;
  float estimates[kLanes];
  float bounds[kLanes];
  Store(estimates, Fma(factors, product, addends));
  Store(bounds, bound);
  size_t count = 0;
  for (; chosen != 0; chosen &= chosen - 1) {
    const int lane = __builtin_ctz(chosen);
    out[count++] = {estimates[lane], bounds[lane], block * kBlockVectors + static_cast<uint32_t>(lane)};
  }
  return count;
}

size_t ScanRange(const CodeScan& scan, uint32_t first, uint32_t last, const uint16_t* masks, float threshold,
                 Candidate* out) {
  if (first >= last) return 0;
  const uint32_t first_block = first / kBlockVectors;
  const uint32_t last_block = (last - 1) / kBlockVectors;
  size_t count = 0;
  for (uint32_t block = first_block; block <= last_block; ++block) {
    uint32_t mask = masks != nullptr ? masks[block - first_block] : 0xffffU;
    if (block == first_block) mask &= 0xffffU << (first % kBlockVectors);
    if (block == last_block) mask &= 0xffffU >> (kBlockVectors - 1 - (last - 1) % kBlockVectors);
    if (mask != 0) count += ScanBlock(scan, block, mask, threshold, out + count);
  }
  return count;
}

size_t ScanBlocks(const CodeScan& scan, const uint32_t* blocks, const uint16_t* masks, size_t num_blocks,
                  float threshold, Candidate* out) {
  constexpr size_t kAhead = 12;
  const size_t block_bytes = scan.block_bytes;
  size_t count = 0;
  for (size_t i = 0; i < num_blocks; ++i) {
    if (i + kAhead < num_blocks) {
      const size_t next = blocks[i + kAhead];
      for (size_t at = 0; at < block_bytes; at += 64) __builtin_prefetch(scan.codes + next * block_bytes + at);
      __builtin_prefetch(scan.factors + next * kBlockVectors);
      __builtin_prefetch(scan.addends + next * scan.addend_stride);
    }
    count += ScanBlock(scan, blocks[i], masks[i], threshold, out + count);
  }
  return count;
}

constexpr ScanKernels kScanKernels = {
    {Score<InnerProduct, FloatRow>, Score<InnerProduct, HalfRow>, Score<InnerProduct, Int8Row>},
    {Score<SquaredDistance, FloatRow>, Score<SquaredDistance, HalfRow>, Score<SquaredDistance, Int8Row>},
    Project,
    ScanRange,
    ScanBlocks,
    Members,
};

}  // namespace
}  // namespace atelier
