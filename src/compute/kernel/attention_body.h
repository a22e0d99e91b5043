// Attention over Lanes; the .cc files include it after a lanes_*.h, once for each instruction set.
//
// A call walks the spans of 64 positions that its rows see. A span's keys and values are brought to f32 in
// scratch once; then rows in tiles (rows that see equally much of the span) score, weigh and add them.
#pragma once

#include "compute/kernel/attention.h"
#include "compute/kernel/kv_block_body.h"
#include "compute/kernel/lane_curves.h"

namespace atelier {
namespace {

// ---- a tile of rows against a span -----------------------------------------------------------------------------

// What a call keeps in its scratch; all on 64 bytes.
struct AttendState {
  float* keys;     // [4][D][16]
  float* values;   // [64][Dp]
  float* query;    // [rows][D]    times scale
  float* weights;  // [kMaxRowTile][64]
  float* sums;     // [rows][16]   lanes of the sum of weights
  float* outputs;  // [rows][Dp]   not yet divided by the sum
  float* tops;     // [rows]       largest score so far
};
constexpr int kMaxRowTile = 8;

// A span brought to f32.
struct WideSpan {
  const float* keys;    // [4][D][16]
  const float* values;  // [64][Dp]
  int dim;
  int width;
  Lanes Key(int block, int d) const { return Load(keys + (block * dim + d) * kLanes); }
  Lanes Value(int j, int d) const { return Load(values + j * width + d); }
};

// A span in f16, as the cache holds it: a few rows would not pay for bringing it to f32 in memory.
struct HalfSpan {
  const uint16_t* keys[kSpanPositions / kKvBlockPositions];
  const uint16_t* values[kSpanPositions / kKvBlockPositions];
  int width;
  Lanes Key(int block, int d) const { return LoadHalf(keys[block] + d * kLanes); }
  Lanes Value(int j, int d) const {
    return LoadHalf(values[j / kKvBlockPositions] + j % kKvBlockPositions * width + d);
  }
};

// Scores of R rows against one run of B blocks, to state.weights.
template <int R, int B, class Span>
inline void ScoreBlocks(const KvHeadLayout& layout, const AttendState& state, const Span& span, int64_t row,
                        int block) {
  Lanes acc[R][B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) acc[r][b] = Splat(0.0F);
  }
  const int dim = layout.head_dim;
  const float* query = state.query + row * dim;
  for (int d = 0; d < dim; ++d) {
    Lanes k[B];
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) k[b] = span.Key(block + b, d);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Lanes q = Splat(query[r * dim + d]);
#pragma GCC unroll 8
      for (int b = 0; b < B; ++b) acc[r][b] = Fma(q, k[b], acc[r][b]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) Store(state.weights + r * kSpanPositions + (block + b) * kLanes, acc[r][b]);
  }
}

// Turns the count scores of one row into weights, and rescales what earlier spans gave where the top has risen.
inline void WeighRow(const KvHeadLayout& layout, const AttendState& state, int64_t row, float* weights, int count) {
  const Lanes nothing = Splat(-__builtin_inff());
  Lanes largest = nothing;
  for (int i = 0; i < count; i += kLanes) {
    const LaneMask mask = FirstLanes(static_cast<int>(MinOf(kLanes, count - i)));
    largest = Max(largest, Select(mask, Load(weights + i), nothing));
  }
  const float old_top = state.tops[row];
  const float span_top = ReduceMax(largest);
  const float top = span_top > old_top ? span_top : old_top;
  Lanes sum = Load(state.sums + row * kLanes);
  if (top != old_top) {
    state.tops[row] = top;
    const Lanes factor = Exp(Sub(Splat(old_top), Splat(top)));
    sum = Mul(sum, factor);
    float* out = state.outputs + row * layout.padded_dim;
    for (int d = 0; d < layout.padded_dim; d += kLanes) Store(out + d, Mul(Load(out + d), factor));
  }
  for (int i = 0; i < count; i += kLanes) {
    const LaneMask mask = FirstLanes(static_cast<int>(MinOf(kLanes, count - i)));
    const Lanes weight = Select(mask, Exp(Sub(Load(weights + i), Splat(top))), Splat(0.0F));
    Store(weights + i, weight);
    sum = Add(sum, weight);
  }
  Store(state.sums + row * kLanes, sum);
}

// Positions [begin, end) of a span.
struct Positions {
  int begin;
  int end;
};

// outputs[row + r][d .. d + 16 C) += sum_j weights[r][j] * values[j]; the weights of row 0 begin at `weights`.
template <int R, int C, class Span>
inline void AddColumns(const KvHeadLayout& layout, const AttendState& state, const Span& span, int64_t row,
                       const float* weights, int d, Positions positions) {
  const int width = layout.padded_dim;
  float* out = state.outputs + row * width + d;
  Lanes acc[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) acc[r][c] = Load(out + r * width + c * kLanes);
  }
  for (int j = positions.begin; j < positions.end; ++j) {
    Lanes v[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) v[c] = span.Value(j, d + c * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Lanes weight = Splat(weights[r * kSpanPositions + j]);
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) acc[r][c] = Fma(weight, v[c], acc[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) Store(out + r * width + c * kLanes, acc[r][c]);
  }
}

template <int R, class Span>
inline void AddValues(const KvHeadLayout& layout, const AttendState& state, const Span& span, int64_t row,
                      const float* weights, Positions positions) {
  int d = 0;
  for (; d + kColumnTile * kLanes <= layout.padded_dim; d += kColumnTile * kLanes) {
    AddColumns<R, kColumnTile>(layout, state, span, row, weights, d, positions);
  }
  for (; d < layout.padded_dim; d += kLanes) AddColumns<R, 1>(layout, state, span, row, weights, d, positions);
}

// R rows, of which row r sees the first counts[r] positions of the span; counts ascend. What all of them see is added
// for all at once, the rest row by row: each row's sums run in the order of positions either way.
template <int R, class Span>
inline void FoldSpan(const KvHeadLayout& layout, const AttendState& state, const Span& span, int64_t row,
                     const int* counts) {
  const int num_blocks = (counts[R - 1] + kKvBlockPositions - 1) / kKvBlockPositions;
  int block = 0;
  for (; block + kColumnTile <= num_blocks; block += kColumnTile) {
    ScoreBlocks<R, kColumnTile>(layout, state, span, row, block);
  }
  // One run, not one a block: each block's sums are a chain, and chains beside each other hide their latency.
  if constexpr (kColumnTile > 2) {
    if (num_blocks - block == 3) ScoreBlocks<R, 3>(layout, state, span, row, block);
    if (num_blocks - block == 2) ScoreBlocks<R, 2>(layout, state, span, row, block);
  }
  if (num_blocks - block == 1) ScoreBlocks<R, 1>(layout, state, span, row, block);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) WeighRow(layout, state, row + r, state.weights + r * kSpanPositions, counts[r]);
  AddValues<R>(layout, state, span, row, state.weights, {0, counts[0]});
  for (int r = 1; r < R; ++r) {
    if (counts[r] == counts[0]) continue;
    AddValues<1>(layout, state, span, row + r, state.weights + r * kSpanPositions, {counts[0], counts[r]});
  }
}

template <class Span>
inline void FoldTile(const KvHeadLayout& layout, const AttendState& state, const Span& span, int64_t row, int num_rows,
                     const int* counts) {
  switch (num_rows) {
    case 1: return FoldSpan<1>(layout, state, span, row, counts);
    case 2: return FoldSpan<2>(layout, state, span, row, counts);
    case 3: return FoldSpan<3>(layout, state, span, row, counts);
    case 4: return FoldSpan<4>(layout, state, span, row, counts);
    case 5: return FoldSpan<5>(layout, state, span, row, counts);
    case 6: return FoldSpan<6>(layout, state, span, row, counts);
    default: return;
  }
}

// ---- a call ----------------------------------------------------------------------------------------------------

inline AttendState LayOut(const AttendCall& call) {
  const int64_t dim = call.layout->head_dim;
  const int64_t width = call.layout->padded_dim;
  const int64_t rows = static_cast<int64_t>(call.num_tokens) * call.num_heads;
  const auto round_up = [](int64_t floats) { return (floats + kLanes - 1) / kLanes * kLanes; };
  AttendState state;
  float* next = call.scratch;
  state.keys = next;
  state.values = next += kSpanPositions * dim;
  state.weights = next += kSpanPositions * width;
  state.sums = next += kMaxRowTile * kSpanPositions;
  state.outputs = next += rows * kLanes;
  state.query = next += rows * width;
  state.tops = next += round_up(rows * dim);
  return state;
}

inline void Start(const AttendCall& call, const AttendState& state) {
  const int dim = call.layout->head_dim;
  const int64_t rows = static_cast<int64_t>(call.num_tokens) * call.num_heads;
  const Lanes scale = Splat(call.scale);
  for (int64_t row = 0; row < rows; ++row) {
    const float* query = call.query + row / call.num_heads * call.query_stride + row % call.num_heads * dim;
    float* scaled = state.query + row * dim;
    for (int d = 0; d < dim; d += kLanes) {
      const int count = static_cast<int>(MinOf(kLanes, dim - d));
      StoreFirst(scaled + d, Mul(LoadFirst(query + d, count), scale), count);
    }
    if (call.layout->rotation > 0) RotateRuns(scaled, dim, call.layout->rotation, OtherFactor(*call.layout));
    state.tops[row] = -__builtin_inff();
    Store(state.sums + row * kLanes, Splat(0.0F));
  }
  for (int64_t i = 0; i < rows * call.layout->padded_dim; i += kLanes) Store(state.outputs + i, Splat(0.0F));
}

inline void Finish(const AttendCall& call, const AttendState& state) {
  const int dim = call.layout->head_dim;
  const int64_t rows = static_cast<int64_t>(call.num_tokens) * call.num_heads;
  for (int64_t row = 0; row < rows; ++row) {
    float* out = call.out + row / call.num_heads * call.out_stride + row % call.num_heads * dim;
    float* sum = state.outputs + row * call.layout->padded_dim;
    if (call.layout->rotation > 0) RotateRuns(sum, dim, call.layout->rotation, OtherFactor(*call.layout));
    const Lanes factor = Splat(1.0F / ReduceAdd(Load(state.sums + row * kLanes)));
    for (int d = 0; d < dim; d += kLanes) {
      StoreFirst(out + d, Mul(Load(sum + d), factor), static_cast<int>(MinOf(kLanes, dim - d)));
    }
  }
}

// Asks for the block that holds `position`, or beyond the spans of this call for the one that its successor reads
// first. Each block lies on a page of its own, where the processor's own prefetching does not look ahead.
inline void PrefetchBlock(const AttendCall& call, int64_t last, int64_t position) {
  const int64_t over = position - (last + kSpanPositions - 1) / kSpanPositions * kSpanPositions;
  if (position >= last && (over < 0 || over >= call.ahead.count)) return;
  const bool own = position < last;
  const std::int32_t id =
      own ? call.block_table[position / kKvBlockPositions] : call.ahead.block_table[over / kKvBlockPositions];
  const std::byte* block = (own ? call.blocks : call.ahead.blocks) + id * call.block_stride;
  for (int64_t line = 0; line < call.layout->bytes; line += 64) __builtin_prefetch(block + line);
}

// Where the block lies that holds `position`.
inline const std::byte* BlockOf(const AttendCall& call, int64_t position) {
  return call.blocks + call.block_table[position / kKvBlockPositions] * call.block_stride;
}

// Brings the span at `begin` to f32 and asks, block by block, for the next.
inline WideSpan ExpandSpan(const AttendCall& call, const AttendState& state, int64_t begin, int64_t last) {
  const KvHeadLayout& layout = *call.layout;
  for (int at = 0; at < kSpanPositions; at += kKvBlockPositions) {
    PrefetchBlock(call, last, begin + kSpanPositions + at);
    const int64_t left = last - begin - at;
    if (left <= 0) continue;
    ExpandBlock(layout, BlockOf(call, begin + at), static_cast<int>(MinOf(kKvBlockPositions, left)),
                state.keys + static_cast<int64_t>(at) * layout.head_dim,
                state.values + static_cast<int64_t>(at) * layout.padded_dim);
  }
  return {.keys = state.keys, .values = state.values, .dim = layout.head_dim, .width = layout.padded_dim};
}

inline HalfSpan SpanInPlace(const AttendCall& call, int64_t begin, int64_t last) {
  HalfSpan span{.keys = {}, .values = {}, .width = call.layout->padded_dim};
  for (int b = 0; b < kSpanPositions / kKvBlockPositions; ++b) {
    const int64_t position = begin + b * kKvBlockPositions;
    PrefetchBlock(call, last, position + kSpanPositions);
    if (position >= last) continue;
    const std::byte* head = BlockOf(call, position);
    span.keys[b] = reinterpret_cast<const uint16_t*>(head);
    span.values[b] = reinterpret_cast<const uint16_t*>(head + call.layout->values);
  }
  return span;
}

// All rows against the span at `begin`.
template <class Span>
inline void FoldRows(const AttendCall& call, const AttendState& state, const Span& span, int64_t begin) {
  const int64_t num_rows = static_cast<int64_t>(call.num_tokens) * call.num_heads;
  const auto seen = [&](int64_t row) {
    const int64_t visible = call.visible + row / call.num_heads * call.visible_step - begin;
    return static_cast<int>(MaxOf(0, MinOf(visible, kSpanPositions)));
  };
  int64_t row = 0;
  while (row < num_rows && seen(row) == 0) ++row;
  for (; row < num_rows; row += kRowTile) {
    int counts[kRowTile];
    const int tile = static_cast<int>(MinOf(kRowTile, num_rows - row));
    for (int r = 0; r < tile; ++r) counts[r] = seen(row + r);
    FoldTile(*call.layout, state, span, row, tile, counts);
  }
}

void Attend(const AttendCall& call) {
  const AttendState state = LayOut(call);
  const int64_t last = call.visible + static_cast<int64_t>(call.num_tokens - 1) * call.visible_step;
  const bool in_place = call.layout->type == CacheType::kF16 && call.num_tokens * call.num_heads <= kRowTile;
  Start(call, state);
  for (int64_t begin = 0; begin < last; begin += kSpanPositions) {
    if (in_place) {
      FoldRows(call, state, SpanInPlace(call, begin, last), begin);
    } else {
      FoldRows(call, state, ExpandSpan(call, state, begin, last), begin);
    }
  }
  Finish(call, state);
}

constexpr AttentionKernels kAttentionKernels{StoreKeyValue, Attend};

}  // namespace
}  // namespace atelier
