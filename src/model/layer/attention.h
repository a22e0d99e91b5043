// The attention half of a layer, shared by all architectures: projections, norms of queries and keys, rotation, and the
// output projection. It records; nothing is computed here.
#pragma once

#include "graph/ops.h"
#include "model/weights/weight_store.h"

namespace atelier {

enum class BiasRule : uint8_t {
  kIfPresent,  // the file decides (llama's attention_bias, mlp_bias)
  kRequired,   // the architecture has one
};

struct AttentionConfig {
  int64_t heads = 0;     // H
  int64_t kv_heads = 0;  // G, divides H
  int64_t head_dim = 0;  // D
  bool causal = true;
  BiasRule qkv_bias = BiasRule::kIfPresent;
  BiasRule output_bias = BiasRule::kIfPresent;
  std::optional<float> head_norm_eps;  // Qwen3: RMS norm of each head of q and k before they turn
  RopeStyle rope_style = RopeStyle::kHalves;
  RopeFrequencySet rope;  // empty: positions are not rotated (BERT)
};

// x [T, E] -> [T, E]. Weights: attn_q [H*D, E], attn_k and attn_v [G*D, E], attn_output [E, H*D];
// attn_q_norm and attn_k_norm [D] where heads are normed. Claims a cache slot when causal.
Value Attention(Ops& ops, const AttentionConfig& config, const Weights& w, Value x);

}  // namespace atelier
