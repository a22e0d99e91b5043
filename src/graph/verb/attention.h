// Attention: softmax(scale * q k^T) v for each query head; head h reads KV head h / (heads / kv_heads).
// [arXiv:1706.03762; grouped heads arXiv:2305.13245]
//   q [T, heads * head_dim]   k, v [T, kv_heads * head_dim]   y [T, heads * head_dim]
// causal: row t sees every position of its sequence up to its own, those of earlier runs from the cache slot.
// Not causal (encoders): row t sees every row of its sequence in this batch; there is no cache slot, so a sequence
// must come whole in one batch.
#pragma once

#include <span>
#include <vector>

#include "graph/verb/matrix.h"

namespace atelier {

inline constexpr int32_t kNoSlot = -1;

struct AttentionSpec {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  float scale = 1;  // usually 1 / sqrt(head_dim)
  bool causal = true;
  int32_t slot = kNoSlot;  // index into Graph::slots; kNoSlot exactly when not causal
};

Result<Shape> AttentionShape(const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v);

// K and V of one sequence and one slot: [positions, row] each, row = kv_heads * head_dim, position after position.
struct PlainKv {
  int64_t row = 0;
  std::vector<float> k;
  std::vector<float> v;
};

// Rows of one sequence against `num_positions` rows of K and V. Row t sees the first visible[t] of them.
// Sums run over positions in order; a row's result depends on nothing but its own q and what it sees.
void AttentionForward(const AttentionSpec& spec, ConstMatrix q, const float* k, const float* v,
                      std::span<const int64_t> visible, Matrix y);

}  // namespace atelier
