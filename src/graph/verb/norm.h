// Norm: scales a row, or each head of a row, to unit size.
//   rms    y = x / sqrt(mean(x^2) + eps) * weight                        [arXiv:1910.07467]
//   layer  y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias        [arXiv:1607.06450]
// With heads > 1 the row is `heads` runs of cols/heads numbers, each normed alone with the same weight (Qwen3's norm
// of queries and keys).   x, y [R, C]   weight, bias [C / heads], each may be absent
#pragma once

#include <span>

#include "graph/verb/matrix.h"

namespace atelier {

enum class NormKind : uint8_t { kRms, kLayer };

struct NormSpec {
  NormKind kind = NormKind::kRms;
  float eps = 1e-5F;
  int64_t heads = 1;
  bool has_weight = true;
  bool has_bias = false;
};

Result<Shape> NormShape(const NormSpec& spec, const Shape& x);
void NormForward(const NormSpec& spec, std::span<const float> weight, std::span<const float> bias, ConstMatrix x,
                 Matrix y);

}  // namespace atelier
