#include "graph/verb/norm.h"

#include <cmath>

namespace atelier {
namespace {

// Sixteen sums, then pairs of them: rounds far less than one long sum.
template <class Term>
float SumOf(int64_t n, Term term) {
  float lanes[16] = {};
  for (int64_t i = 0; i < n; ++i) lanes[i % 16] += term(i);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

void NormOne(const NormSpec& spec, std::span<const float> weight, std::span<const float> bias, const float* x,
             int64_t n, float* y) {
  const float count = static_cast<float>(n);
  const float mean = spec.kind == NormKind::kLayer ? SumOf(n, [&](int64_t i) { return x[i]; }) / count : 0.0F;
  const float square = SumOf(n, [&](int64_t i) { return (x[i] - mean) * (x[i] - mean); }) / count;
  const float scale = 1.0F / std::sqrt(square + spec.eps);
  for (int64_t i = 0; i < n; ++i) {
    float value = (x[i] - mean) * scale;
    if (!weight.empty()) value *= weight[static_cast<size_t>(i)];
    if (!bias.empty()) value += bias[static_cast<size_t>(i)];
    y[i] = value;
  }
}

}  // namespace

Result<Shape> NormShape(const NormSpec& spec, const Shape& x) {
  if (spec.heads <= 0 || x.cols % spec.heads != 0) {
    return Error::Invalid("Norm",
                          "got " + ToString(x) + " in " + std::to_string(spec.heads) + " heads, want a multiple");
  }
  if (!(spec.eps >= 0)) return Error::Invalid("Norm", "got eps " + std::to_string(spec.eps) + ", want 0 or above");
  return x;
}

void NormForward(const NormSpec& spec, std::span<const float> weight, std::span<const float> bias, ConstMatrix x,
                 Matrix y) {
  const int64_t n = x.cols / spec.heads;
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t head = 0; head < spec.heads; ++head) {
      NormOne(spec, weight, bias, x.Row(r) + head * n, n, y.Row(r) + head * n);
    }
  }
}

}  // namespace atelier
