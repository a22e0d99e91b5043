// Linear: y = x W^T + b. Output is the same on the rows whose logits are wanted.
//   x [R, in]   weight [out, in] as files hold it   bias [out] or absent   y [R, out]
#pragma once

#include <span>
#include <vector>

#include "graph/verb/matrix.h"

namespace atelier {

struct LinearSpec {
  int64_t in = 0;
  int64_t out = 0;
  bool has_bias = false;
};

Result<Shape> LinearShape(const LinearSpec& spec, const Shape& x);

// The rows of Rows::output, in that order, and their product: y [O, out].
struct OutputSpec {
  LinearSpec linear;
};

// REQUIRES x.rows == kTokens, checked as an error.
Result<Shape> OutputShape(const OutputSpec& spec, const Shape& x);

// A weight laid out so that the compiler can work on kLanes outputs at once without changing the order of any sum.
struct LinearWeight {
  static constexpr int64_t kLanes = 16;
  int64_t in = 0;
  int64_t out = 0;
  std::vector<float> panels;  // [ceil(out / kLanes), in, kLanes], the last panel filled up with zeros
};
LinearWeight PackLinear(ConstMatrix weight);

// Each y[r, o] is the sum over k in index order, in runs of 64 whose sums are added in order; then the bias.
// A row's result does not depend on the other rows.   COST 2 * R * in * out operations, 4-wide.
void LinearForward(const LinearWeight& weight, std::span<const float> bias, ConstMatrix x, Matrix y);

}  // namespace atelier
