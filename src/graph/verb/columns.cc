#include "graph/verb/columns.h"

#include <algorithm>

namespace atelier {

Result<Shape> SplitShape(const SplitSpec& spec, const Shape& x) {
  if (spec.offset < 0 || spec.cols <= 0 || spec.offset > x.cols - spec.cols) {
    return Error::Invalid("Split", "got " + std::to_string(spec.cols) + " columns from " + std::to_string(spec.offset) +
                                       " on, want them inside " + ToString(x));
  }
  return Shape{x.rows, spec.cols};
}

Result<Shape> ConcatShape(std::span<const Shape> parts) {
  if (parts.empty()) return Error::Invalid("Concat", "got 0 parts, want 1 or more");
  Shape sum{parts.front().rows, 0};
  for (const Shape& part : parts) {
    if (part.rows != sum.rows) {
      return Error::Invalid("Concat",
                            "got " + ToString(parts.front()) + " and " + ToString(part) + ", want rows of one kind");
    }
    sum.cols += part.cols;
  }
  return sum;
}

void SplitForward(const SplitSpec& spec, ConstMatrix x, Matrix y) {
  for (int64_t r = 0; r < y.rows; ++r) std::copy_n(x.Row(r) + spec.offset, spec.cols, y.Row(r));
}

void ConcatForward(std::span<const ConstMatrix> parts, Matrix y) {
  int64_t offset = 0;
  for (const ConstMatrix& part : parts) {
    for (int64_t r = 0; r < y.rows; ++r) std::copy_n(part.Row(r), part.cols, y.Row(r) + offset);
    offset += part.cols;
  }
}

}  // namespace atelier
