// Pool: one vector per sequence from the rows of its tokens, which must all be in this batch.
//   x [T, E]   y [S, E]
#pragma once

#include <span>

#include "graph/verb/matrix.h"

namespace atelier {

enum class PoolKind : uint8_t { kCls, kMean, kLast };  // the first row, the mean of all rows, the last row

struct PoolSpec {
  PoolKind kind = PoolKind::kMean;
  bool normalise = false;  // then y /= max(|y|, 1e-12)
};

// REQUIRES x.rows == kTokens, checked as an error.
Result<Shape> PoolShape(const PoolSpec& spec, const Shape& x);

// The rows of sequence s are those with sequence[t] == s. A sequence without rows is an error.
Result<void> PoolForward(const PoolSpec& spec, std::span<const int32_t> sequence, ConstMatrix x, Matrix y);

}  // namespace atelier
