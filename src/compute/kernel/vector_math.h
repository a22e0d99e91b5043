// What stands between matrix products: norms, rotary embedding, activations, softmax, sums.
//
// Each works on one row (or one run of elements), so a result never depends on the batch. Plain,
// AVX2 and AVX-512 versions give the same bits: sums run in 16 lanes (element index mod 16, in
// order, fma where a product is added) and end in one tree (lane l + lane l+8, +4, +2, +1);
// exp, tanh and erf are polynomials of our own, evaluated by the same operations everywhere.
//
// Accuracy against the exact function, over all finite x (vector_math_test.cc holds them):
//   exp(x)      relative error <= 2e-7 for -87.3 <= x <= 88; below 0, above exp(88)
//   tanh(x)     absolute error <= 2e-7
//   gelu        absolute error <= 4e-7 * max(1, |x|)  (kGeluErf and kGeluTanh, each against its own formula)
//   silu        relative error <= 4e-7 where |x| < 80
#pragma once

#include <cstdint>

#include "compute/kernel/isa.h"

namespace atelier {

enum class Curve : std::uint8_t { kSilu, kGeluErf, kGeluTanh, kRelu, kTanh, kSigmoid, kExp };

struct VectorKernels {
  // y = x / sqrt(mean(x^2) + eps) * weight   [arXiv:1910.07467].  x, y, weight [n]; y may be x.
  void (*rms_norm)(const float* x, const float* weight, float eps, float* y, std::int64_t n);
  // y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias   [arXiv:1607.06450], two passes.  bias may be null; y may
  // be x.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float eps, float* y, std::int64_t n);
  // Turns pairs of the first 2 * num_pairs elements of one head by the angles whose cosines and sines are given
  // [arXiv:2104.09864]:
  //   rope_halves   pairs (i, i + num_pairs)   [the layout of Hugging Face and NeoX]
  //   rope_pairs    pairs (2i, 2i + 1)         [the layout of GGUF's llama]
  // (a, b) -> (fma(a, cos, -(b * sin)), fma(a, sin, b * cos)).  In place.
  void (*rope_halves)(float* head, const float* cosines, const float* sines, std::int64_t num_pairs);
  void (*rope_pairs)(float* head, const float* cosines, const float* sines, std::int64_t num_pairs);
  // y = curve(x).  y may be x.
  void (*activate)(Curve curve, const float* x, float* y, std::int64_t n);
  // y = curve(gate) * up: SwiGLU, GeGLU [arXiv:2002.05202].  y may be gate or up.
  void (*activate_gate)(Curve curve, const float* gate, const float* up, float* y, std::int64_t n);
  // y = a + b, y = a * b, y = a * s.  y may be an operand.
  void (*add)(const float* a, const float* b, float* y, std::int64_t n);
  void (*multiply)(const float* a, const float* b, float* y, std::int64_t n);
  void (*scale)(const float* a, float s, float* y, std::int64_t n);
  // y = exp(x - max(x)) / sum.  y may be x.  REQUIRES: n >= 1, no NaN.
  void (*softmax)(const float* x, float* y, std::int64_t n);
  // sum_i x[i], sum_i x[i] * y[i], in 16 lanes.
  float (*sum)(const float* x, std::int64_t n);
  float (*dot)(const float* x, const float* y, std::int64_t n);
};

const VectorKernels& VectorKernelsFor(Isa isa);

}  // namespace atelier
