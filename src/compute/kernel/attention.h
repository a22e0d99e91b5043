// Attention over cached keys and values: where they lie in a block, how they are written and read.
//
// A block holds kKvBlockPositions absolute positions of one sequence (positions 16b … 16b+15 lie in
// its b-th block, whatever slice wrote them). Inside a block each layer has one slot, inside a slot
// each of the G key/value heads has one KvHeadLayout of bytes, 64-byte aligned:
//
//   keys          [D][16]      transposed: 16 lanes are 16 positions
//   key scales    [D/32 up][16] f16, kQ8_0 only: one for each 32 dimensions of a position
//   values        [16][Dp]     Dp = D rounded up to 16; the padding is zero
//   value scales  [D/32 up][16] f16, kQ8_0 only
//
// in f32, f16 (round to nearest even, saturated at ±65504) or int8 x scale (kQ8_0:
// scale = f16(max|x| / 127), q = round(x / scale)). What a row attends to is always what the cache
// gives back, also for keys and values that its own slice has just written.
//
// kQ8_0 keeps keys and values turned by a Walsh-Hadamard matrix (lane_rotation.h) over runs of `rotation` dimensions:
// a few dimensions of real keys are many times larger than the others and would leave these few bits. Queries are
// turned alike, and outputs back.
//
// One row (one query head of one token) is computed so, and in every version with the same bits:
// spans of kSpanPositions = 4 blocks, in absolute order, are folded in by online softmax
// [arXiv:1805.02867]; within a span a score is one fma chain over d, sums of weights run in 16
// lanes (position mod 16) and end in ReduceAdd's tree, the output is one fma chain over positions.
// Nothing depends on batch, slicing, other rows, or threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/kernel/isa.h"

namespace atelier {

enum class CacheType : std::uint8_t { kF32, kF16, kQ8_0 };

inline constexpr int kKvBlockPositions = 16;
inline constexpr int kSpanPositions = 64;

// Where one head's keys and values lie in its part of a block; offsets in bytes.
struct KvHeadLayout {
  CacheType type = CacheType::kF16;
  int head_dim = 0;        // D, any from 1 to 1024
  int padded_dim = 0;      // Dp
  int num_scale_rows = 0;  // D/32 rounded up
  int rotation = 0;        // kQ8_0: 64, 32 or 16, the largest that divides D; 0 where none does
  std::int64_t key_scales = 0;
  std::int64_t values = 0;
  std::int64_t value_scales = 0;
  std::int64_t bytes = 0;  // of one head in one block: a multiple of 64
};

// REQUIRES: 1 <= head_dim <= 1024.
KvHeadLayout MakeKvHeadLayout(CacheType type, int head_dim);

// Bytes of one slot (one layer's kv_heads heads) in one block: a multiple of 64. Head g begins at g * layout.bytes.
std::int64_t KvSlotBytes(CacheType type, int kv_heads, int head_dim);

// One token's key and value of one head, [D] f32 each.
struct StoreCall {
  const KvHeadLayout* layout;
  std::byte* head;     // the head's part of the block
  int index;           // position mod 16
  const float* key;    // [D]
  const float* value;  // [D]
};

// Positions that a later call will read; asked for ahead of time.
struct AheadPositions {
  const std::byte* blocks = nullptr;  // as in AttendCall
  const std::int32_t* block_table = nullptr;
  std::int64_t count = 0;
};

// Consecutive tokens of one sequence against one key/value head.
// Token i, for i in [0, num_tokens), sees positions 0 … visible + i * visible_step - 1.
struct AttendCall {
  const KvHeadLayout* layout;
  const std::byte* blocks;          // of block id 0: the head's part. Block id b: blocks + b * block_stride
  std::int64_t block_stride;        // bytes
  const std::int32_t* block_table;  // ids of the sequence's blocks in order of position
  const float* query;               // token i, head h: query + i * query_stride + h * D, [D]
  std::int64_t query_stride;        // floats
  float* out;                       // token i, head h: out + i * out_stride + h * D, [D]; must not alias query
  std::int64_t out_stride;          // floats
  int num_tokens;
  int num_heads;              // query heads that share this key/value head (H / G)
  std::int64_t visible;       // positions that token 0 sees, >= 1
  int visible_step;           // 1: causal; 0: every token sees the same
  float scale;                // of the scores; multiplied into the query first
  float* scratch;             // AttendScratchFloats, 64-byte aligned, the caller's own
  AheadPositions ahead = {};  // of the caller's next call; may be none
};

// Floats of scratch that an AttendCall of so many rows (num_tokens * num_heads) needs.
std::int64_t AttendScratchFloats(const KvHeadLayout& layout, int num_rows);

struct AttentionKernels {
  // COST: D scattered stores for the key.
  void (*store)(const StoreCall& call);
  // out = softmax(scale * query · keys) · values.   COST: 4 D flops a row and position; each span is
  // brought to f32 once a call, so that calls of 16 or more rows run at the speed of f32 fma.
  void (*attend)(const AttendCall& call);
};

const AttentionKernels& AttentionKernelsFor(Isa isa);

}  // namespace atelier
