#include "model/layer/attention.h"

#include <cmath>

namespace atelier {
namespace {

AffineName Named(const Weights& w, std::string_view name, BiasRule rule) {
  return rule == BiasRule::kRequired ? w.WithBias(name) : w(name);
}

// Norm and rotation of queries or keys.
Value Place(Ops& ops, const AttentionConfig& c, const Weights& w, std::string_view norm, int64_t heads, Value x) {
  if (c.head_norm_eps) x = ops.RmsNorm(x, w.NoBias(norm), *c.head_norm_eps, heads);
  if (c.rope.inv_freq.empty()) return x;
  return ops.Rope(x, {c.rope_style, heads, c.head_dim, c.rope.inv_freq, c.rope.magnitude});
}

}  // namespace

Value Attention(Ops& ops, const AttentionConfig& c, const Weights& w, Value x) {
  Value q = ops.Linear(x, Named(w, "attn_q", c.qkv_bias), c.heads * c.head_dim);
  Value k = ops.Linear(x, Named(w, "attn_k", c.qkv_bias), c.kv_heads * c.head_dim);
  const Value v = ops.Linear(x, Named(w, "attn_v", c.qkv_bias), c.kv_heads * c.head_dim);
  q = Place(ops, c, w, "attn_q_norm", c.heads, q);
  k = Place(ops, c, w, "attn_k_norm", c.kv_heads, k);
  const float scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
  const Value mixed = ops.Attention(q, k, v, {c.heads, c.kv_heads, c.head_dim, scale, c.causal, kNoSlot});
  return ops.Linear(mixed, Named(w, "attn_output", c.output_bias), ops.cols(x));
}

}  // namespace atelier
