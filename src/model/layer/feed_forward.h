// The feed-forward half of a layer.
#pragma once

#include "graph/ops.h"
#include "model/weights/weight_store.h"

namespace atelier {

// down(activation(gate(x)) * up(x))   [arXiv:2002.05202].   x [T, E] -> [T, E]
// Weights: ffn_gate and ffn_up [F, E], ffn_down [E, F]; biases where the file has them.
Value GatedFeedForward(Ops& ops, const Weights& w, Value x, int64_t ffn_width, Activation activation);

// down(activation(up(x))), with biases.   Weights: ffn_up [F, E], ffn_down [E, F]
Value FeedForward(Ops& ops, const Weights& w, Value x, int64_t ffn_width, Activation activation);

}  // namespace atelier
