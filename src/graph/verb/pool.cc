#include "graph/verb/pool.h"

#include <algorithm>
#include <cmath>

namespace atelier {
namespace {

void Normalise(float* y, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(y[i]) * y[i];
  const float length = std::max(static_cast<float>(std::sqrt(sum)), 1e-12F);
  for (int64_t i = 0; i < n; ++i) y[i] /= length;
}

void PoolRows(PoolKind kind, ConstMatrix x, int64_t begin, int64_t end, float* y) {
  if (kind != PoolKind::kMean) {
    std::copy_n(x.Row(kind == PoolKind::kCls ? begin : end - 1), x.cols, y);
    return;
  }
  std::fill_n(y, x.cols, 0.0F);
  for (int64_t t = begin; t < end; ++t) {
    for (int64_t i = 0; i < x.cols; ++i) y[i] += x.Row(t)[i];
  }
  for (int64_t i = 0; i < x.cols; ++i) y[i] /= static_cast<float>(end - begin);
}

}  // namespace

Result<Shape> PoolShape(const PoolSpec&, const Shape& x) {
  if (x.rows != RowKind::kTokens) return Error::Invalid("Pool", "got " + ToString(x) + ", want rows of tokens");
  return Shape{RowKind::kSequences, x.cols};
}

Result<void> PoolForward(const PoolSpec& spec, std::span<const int32_t> sequence, ConstMatrix x, Matrix y) {
  int64_t begin = 0;
  for (int64_t s = 0; s < y.rows; ++s) {
    int64_t end = begin;
    while (end < x.rows && sequence[static_cast<size_t>(end)] == s) ++end;
    if (end == begin)
      return Error::Invalid("rows.sequence", "got no row of sequence " + std::to_string(s) + ", want 1 or more");
    PoolRows(spec.kind, x, begin, end, y.Row(s));
    if (spec.normalise) Normalise(y.Row(s), y.cols);
    begin = end;
  }
  return {};
}

}  // namespace atelier
