// Encoder layers, which see their whole sequence at once.
#pragma once

#include "graph/ops.h"
#include "model/layer/attention.h"
#include "model/weights/weight_store.h"

namespace atelier {

struct EncoderConfig {
  int64_t vocabulary = 0;  // V
  int64_t width = 0;       // E
  int64_t num_layers = 0;
  int64_t ffn_width = 0;      // F
  int64_t max_positions = 0;  // rows of the table of learned positions
  int64_t num_token_types = 0;
  float norm_eps = 1e-12F;
  Activation activation = Activation::kGelu;
  AttentionConfig attention;
};

// The post-norm layer of the original transformer:  x = norm(x + Attention(x)), x = norm(x + FeedForward(x))
// Weights: attn_output_norm and layer_output_norm [E] with biases, and those of the two. x [T, E] -> [T, E]
Value PostNormLayer(Ops& ops, const EncoderConfig& config, const Weights& w, Value x);

}  // namespace atelier
