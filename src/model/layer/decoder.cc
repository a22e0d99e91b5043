#include "model/layer/decoder.h"

#include <utility>

#include "model/layer/feed_forward.h"

namespace atelier {

Result<Graph> Decoder(const DecoderConfig& config, const Weights& w, const LayerFunction& layer) {
  Ops ops;
  Value x = ops.Embed(EmbedIndex::kToken, w.NoBias("token_embd").weight, config.vocabulary, config.width);
  ops.Tap(x, "embed");
  for (int64_t i = 0; i < config.num_layers; ++i) {
    x = layer(ops, config, w.Block(i), x);
    ops.Tap(x, "blk." + std::to_string(i) + ".out");
  }
  x = ops.RmsNorm(x, w.NoBias("output_norm"), config.norm_eps);
  ops.Tap(x, "norm");
  if (config.pooling) return std::move(ops).Finish(ops.Pool(x, *config.pooling));
  const AffineName output = w.Has("output.weight") ? w("output") : w.NoBias("token_embd");
  x = ops.Output(x, output, config.vocabulary);
  return std::move(ops).Finish(x);
}

Value PreNormLayer(Ops& ops, const DecoderConfig& c, const Weights& w, Value x) {
  x = ops.Add(x, Attention(ops, c.attention, w, ops.RmsNorm(x, w.NoBias("attn_norm"), c.norm_eps)));
  return ops.Add(x,
                 GatedFeedForward(ops, w, ops.RmsNorm(x, w.NoBias("ffn_norm"), c.norm_eps), c.ffn_width, c.activation));
}

}  // namespace atelier
