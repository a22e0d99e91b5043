#include "model/layer/feed_forward.h"

namespace atelier {

Value GatedFeedForward(Ops& ops, const Weights& w, Value x, int64_t ffn_width, Activation activation) {
  const Value gate = ops.Linear(x, w("ffn_gate"), ffn_width);
  const Value up = ops.Linear(x, w("ffn_up"), ffn_width);
  return ops.Linear(ops.Gate(gate, up, activation), w("ffn_down"), ops.cols(x));
}

Value FeedForward(Ops& ops, const Weights& w, Value x, int64_t ffn_width, Activation activation) {
  const Value up = ops.Linear(x, w.WithBias("ffn_up"), ffn_width);
  return ops.Linear(ops.Activate(up, activation), w.WithBias("ffn_down"), ops.cols(x));
}

}  // namespace atelier
