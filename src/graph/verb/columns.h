// Split: y = the columns [offset, offset + cols) of x.   Concat: y = its inputs side by side.
#pragma once

#include <span>

#include "graph/verb/matrix.h"

namespace atelier {

struct SplitSpec {
  int64_t offset = 0;
  int64_t cols = 0;
};
struct ConcatSpec {};

Result<Shape> SplitShape(const SplitSpec& spec, const Shape& x);
Result<Shape> ConcatShape(std::span<const Shape> parts);

void SplitForward(const SplitSpec& spec, ConstMatrix x, Matrix y);
void ConcatForward(std::span<const ConstMatrix> parts, Matrix y);

}  // namespace atelier
