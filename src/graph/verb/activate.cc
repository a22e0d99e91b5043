#include "graph/verb/activate.h"

#include <cmath>
#include <numbers>

namespace atelier {

Result<Activation> ParseActivation(std::string_view name) {
  if (name == "silu" || name == "swish") return Activation::kSilu;
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  if (name == "tanh") return Activation::kTanh;
  return Error::Unsupported(
      "", "got '" + std::string(name) + "', want silu, gelu, gelu_new, gelu_pytorch_tanh, relu or tanh");
}

float ActivateOne(Activation activation, float x) {
  const double v = x;
  switch (activation) {
    case Activation::kSilu: return static_cast<float>(v / (1 + std::exp(-v)));
    case Activation::kGelu: return static_cast<float>(0.5 * v * (1 + std::erf(v / std::numbers::sqrt2)));
    case Activation::kGeluTanh: {
      const double inner = std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v);
      return static_cast<float>(0.5 * v * (1 + std::tanh(inner)));
    }
    case Activation::kRelu: return x > 0 ? x : 0.0F;
    case Activation::kTanh: return static_cast<float>(std::tanh(v));
  }
  return x;
}

void ActivateForward(const ActivateSpec& spec, ConstMatrix x, Matrix y) {
  for (int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = ActivateOne(spec.activation, x.data[i]);
}

void GateForward(const GateSpec& spec, ConstMatrix gate, ConstMatrix up, Matrix y) {
  for (int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = ActivateOne(spec.activation, gate.data[i]) * up.data[i];
}

}  // namespace atelier
