#include "model/layer/encoder.h"

#include "model/layer/feed_forward.h"

namespace atelier {

Value PostNormLayer(Ops& ops, const EncoderConfig& c, const Weights& w, Value x) {
  x = ops.LayerNorm(ops.Add(x, Attention(ops, c.attention, w, x)), w.WithBias("attn_output_norm"), c.norm_eps);
  const Value mixed = FeedForward(ops, w, x, c.ffn_width, c.activation);
  return ops.LayerNorm(ops.Add(x, mixed), w.WithBias("layer_output_norm"), c.norm_eps);
}

}  // namespace atelier
