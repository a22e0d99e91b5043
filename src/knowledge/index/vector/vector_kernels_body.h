// The float kernels over Lanes; the .cc files include it after a lanes_*.h, once for each instruction set.
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

constexpr ScanKernels kScanKernels = {
    {Score<InnerProduct, FloatRow>, Score<InnerProduct, HalfRow>, Score<InnerProduct, Int8Row>},
    {Score<SquaredDistance, FloatRow>, Score<SquaredDistance, HalfRow>, Score<SquaredDistance, Int8Row>},
};

}  // namespace
}  // namespace atelier
