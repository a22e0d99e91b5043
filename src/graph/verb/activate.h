// Activate: y = f(x).   Gate: y = f(gate) * up, the middle of SwiGLU and its kin [arXiv:2002.05202].
#pragma once

#include <string_view>

#include "graph/verb/matrix.h"

namespace atelier {

enum class Activation : uint8_t {
  kSilu,      // x / (1 + exp(-x))
  kGelu,      // x * Phi(x), by erf                                            [arXiv:1606.08415]
  kGeluTanh,  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  kRelu,      // max(x, 0)
  kTanh,
};

// From the names that Hugging Face configurations use ("silu", "gelu", "gelu_pytorch_tanh", "gelu_new", "relu", ...).
Result<Activation> ParseActivation(std::string_view name);

struct ActivateSpec {
  Activation activation = Activation::kSilu;
};
struct GateSpec {
  Activation activation = Activation::kSilu;
};

// One number. Uses the C library's functions in double, rounded once: the definition that faster versions approach.
float ActivateOne(Activation activation, float x);

void ActivateForward(const ActivateSpec& spec, ConstMatrix x, Matrix y);
void GateForward(const GateSpec& spec, ConstMatrix gate, ConstMatrix up, Matrix y);

}  // namespace atelier
