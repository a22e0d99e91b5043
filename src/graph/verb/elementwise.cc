#include "graph/verb/elementwise.h"

#include <cmath>

namespace atelier {

Result<Shape> PairShape(const Shape& a, const Shape& b) {
  if (a != b) return Error::Invalid("Add or Mul", "got " + ToString(a) + " and " + ToString(b) + ", want one shape");
  return a;
}

Result<Shape> CapShape(const CapSpec& spec, const Shape& x) {
  if (!(spec.limit > 0)) return Error::Invalid("Cap", "got limit " + std::to_string(spec.limit) + ", want above 0");
  return x;
}

void AddForward(ConstMatrix a, ConstMatrix b, Matrix y) {
  for (int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = a.data[i] + b.data[i];
}

void MulForward(ConstMatrix a, ConstMatrix b, Matrix y) {
  for (int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = a.data[i] * b.data[i];
}

void ScaleForward(const ScaleSpec& spec, ConstMatrix x, Matrix y) {
  for (int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = x.data[i] * spec.factor;
}

void CapForward(const CapSpec& spec, ConstMatrix x, Matrix y) {
  for (int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = spec.limit * std::tanh(x.data[i] / spec.limit);
}

}  // namespace atelier
