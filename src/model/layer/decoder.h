// Decoder: the frame of a decoder-only model. Embed, the layers one after the other, a last norm, and then logits or
// one vector per sequence. What a layer is, the architecture says, layer by layer, so hybrids mix freely.
#pragma once

#include <functional>
#include <optional>

#include "graph/ops.h"
#include "model/layer/attention.h"
#include "model/weights/weight_store.h"

namespace atelier {

struct DecoderConfig {
  int64_t vocabulary = 0;  // V
  int64_t width = 0;       // E
  int64_t num_layers = 0;
  int64_t ffn_width = 0;  // F
  float norm_eps = 1e-5F;
  Activation activation = Activation::kSilu;
  AttentionConfig attention;
  // Vectors [S, E] instead of logits [O, V]: the decoder is loaded as an embedder.
  std::optional<PoolSpec> pooling;
};

// x [T, E] -> [T, E]; w sees only "blk.<layer>."
using LayerFunction = std::function<Value(Ops& ops, const DecoderConfig& config, const Weights& w, Value x)>;

// Weights: token_embd [V, E], output_norm [E], output [V, E], or token_embd again where the file has no output (tied).
// Taps: "embed", "blk.<layer>.out" and "norm".
Result<Graph> Decoder(const DecoderConfig& config, const Weights& w, const LayerFunction& layer);

// The pre-norm layer that Llama made common:
//   x += Attention(norm(x)), x += GatedFeedForward(norm(x))      Weights: attn_norm, ffn_norm [E], and those of the
//   two.
Value PreNormLayer(Ops& ops, const DecoderConfig& config, const Weights& w, Value x);

}  // namespace atelier
