#include "graph/verb/linear.h"

#include <algorithm>

namespace atelier {
namespace {

constexpr int64_t kLanes = LinearWeight::kLanes;
constexpr int64_t kRun = 64;        // terms added to one partial sum: keeps rounding errors of long sums small
constexpr int64_t kRowsAtOnce = 4;  // rows that share one read of the weights

// sums[r][lane] for `rows` rows and one panel. Each lane is one output, so lanes never mix.
template <int64_t kRows>
void SumPanel(const float* panel, int64_t in, const float* x, float (*sums)[kLanes]) {
  for (int64_t r = 0; r < kRows; ++r) std::fill_n(sums[r], kLanes, 0.0F);
  for (int64_t begin = 0; begin < in; begin += kRun) {
    const int64_t end = std::min(in, begin + kRun);
    float partial[kRows][kLanes] = {};
    for (int64_t k = begin; k < end; ++k) {
      const float* w = panel + k * kLanes;
      for (int64_t r = 0; r < kRows; ++r) {
        const float xk = x[r * in + k];
        for (int64_t lane = 0; lane < kLanes; ++lane) partial[r][lane] += xk * w[lane];
      }
    }
    for (int64_t r = 0; r < kRows; ++r) {
      for (int64_t lane = 0; lane < kLanes; ++lane) sums[r][lane] += partial[r][lane];
    }
  }
}

}  // namespace

Result<Shape> LinearShape(const LinearSpec& spec, const Shape& x) {
  if (spec.out <= 0) return Error::Invalid("Linear", "got " + std::to_string(spec.out) + " outputs, want above 0");
  if (spec.in != x.cols) return Error::Invalid("Linear", "got " + ToString(x) + ", want " + std::to_string(spec.in));
  return Shape{x.rows, spec.out};
}

Result<Shape> OutputShape(const OutputSpec& spec, const Shape& x) {
  if (x.rows != RowKind::kTokens) return Error::Invalid("Output", "got " + ToString(x) + ", want rows of tokens");
  TRY(const Shape y, LinearShape(spec.linear, x));
  return Shape{RowKind::kOutputs, y.cols};
}

LinearWeight PackLinear(ConstMatrix weight) {
  LinearWeight packed{weight.cols, weight.rows, {}};
  const int64_t num_panels = (weight.rows + kLanes - 1) / kLanes;
  packed.panels.assign(static_cast<size_t>(num_panels * kLanes * weight.cols), 0.0F);
  for (int64_t row = 0; row < weight.rows; ++row) {
    float* panel = packed.panels.data() + (row / kLanes) * weight.cols * kLanes + row % kLanes;
    const float* source = weight.Row(row);
    for (int64_t k = 0; k < weight.cols; ++k) panel[k * kLanes] = source[k];
  }
  return packed;
}

void LinearForward(const LinearWeight& weight, std::span<const float> bias, ConstMatrix x, Matrix y) {
  const int64_t in = weight.in;
  for (int64_t first = 0; first < weight.out; first += kLanes) {
    const float* panel = weight.panels.data() + first * in;
    const int64_t lanes = std::min(kLanes, weight.out - first);
    for (int64_t r = 0; r < x.rows;) {
      float sums[kRowsAtOnce][kLanes];
      const int64_t rows = x.rows - r >= kRowsAtOnce ? kRowsAtOnce : 1;
      if (rows == kRowsAtOnce) {
        SumPanel<kRowsAtOnce>(panel, in, x.Row(r), sums);
      } else {
        SumPanel<1>(panel, in, x.Row(r), sums);
      }
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t lane = 0; lane < lanes; ++lane) {
          const float b = bias.empty() ? 0.0F : bias[static_cast<size_t>(first + lane)];
          y.Row(r + i)[first + lane] = sums[i][lane] + b;
        }
      }
      r += rows;
    }
  }
}

}  // namespace atelier
