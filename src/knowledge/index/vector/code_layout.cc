#include "knowledge/index/vector/code_layout.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace atelier {

namespace {

// What of a Gaussian's variance its best b-bit code of even steps leaves unsaid.
constexpr double kLost0 = 1, kLost1 = 0.3634, kLost2 = 0.1188, kLost4 = 0.01154;

// Where the error of estimates is this share of the spread of scores, some 20 candidates hold the best 10 of 100,000;
// at 0.2 it takes 45, at 0.4 240.
constexpr double kGoodEnoughError = 0.12;

// Nanoseconds: of the multiplications (for each axis), and of bringing the bytes.
double ScanCost(const CodeLayout& layout) {
  return static_cast<double>(layout.NumAxes()) * 0.006 + static_cast<double>(layout.BytesOfVector()) * 0.03;
}

// Queries spread over the axes as vectors do, so that axis i brings variance[i]^2 * lost of error.
class ErrorOf {
 public:
  explicit ErrorOf(std::span<const double> variances) : sums_(kMaxCodeAxes + 1, 0) {
    double total = 0;
    for (size_t i = 0; i < variances.size(); ++i) {
      total += variances[i] * variances[i];
      if (i < kMaxCodeAxes) sums_[i + 1] = total;
    }
    for (size_t i = variances.size() + 1; i <= kMaxCodeAxes; ++i) sums_[i] = total;
    total_ = total;
  }
  // As a share of the spread of scores.
  double operator()(const CodeLayout& layout) const {
    const size_t end4 = 8 * size_t{layout.num_chunks4};
    const size_t end2 = end4 + 16 * size_t{layout.num_chunks2};
    const size_t end1 = end2 + 32 * size_t{layout.num_chunks1};
    const double error = kLost4 * sums_[end4] + kLost2 * (sums_[end2] - sums_[end4]) +
                         kLost1 * (sums_[end1] - sums_[end2]) + kLost0 * (total_ - sums_[end1]);
    return total_ > 0 ? std::sqrt(std::max(0.0, error) / total_) : 0;
  }

 private:
  std::vector<double> sums_;  // of the first i axes
  double total_ = 0;
};

}  // namespace

CodeLayout::Place CodeLayout::PlaceOf(uint32_t axis, uint32_t vector) const {
  const uint32_t end4 = 8 * num_chunks4;
  const uint32_t end2 = end4 + 16 * num_chunks2;
  const uint32_t bits = static_cast<uint32_t>(BitsOf(axis));
  const uint32_t within = bits == 4 ? axis : bits == 2 ? axis - end4 : axis - end2;
  const uint32_t axes_of_chunk = 32 / bits;
  const uint32_t chunk = (bits == 4 ? 0 : bits == 2 ? num_chunks4 : num_chunks4 + num_chunks2) + within / axes_of_chunk;
  const uint32_t in_chunk = within % axes_of_chunk;
  return {.byte = size_t{chunk} * kChunkBytes + vector * 4 + in_chunk % 4,
          .shift = static_cast<int>(in_chunk / 4 * bits)};
}

CodeLayout ChooseLayout(std::span<const double> variances, size_t max_bytes) {
  CHECK(!variances.empty() && max_bytes >= 4);
  const uint32_t wanted = static_cast<uint32_t>(std::min<size_t>(variances.size(), kMaxCodeAxes));
  const uint32_t max_axes = (wanted + 31) / 32 * 32;
  const uint32_t max_chunks = static_cast<uint32_t>(max_bytes / 4);
  const ErrorOf error_of(variances);
  CodeLayout best{.num_chunks1 = 1}, most_exact = best;
  bool found = false;
  for (uint32_t c4 = 0; c4 <= max_chunks && 8 * c4 <= max_axes; c4 += 2) {
    for (uint32_t c2 = 0; c4 + c2 <= max_chunks && 8 * c4 + 16 * c2 <= max_axes; ++c2) {
      for (uint32_t c1 = 0; c4 + c2 + c1 <= max_chunks && 8 * c4 + 16 * c2 + 32 * c1 <= max_axes; ++c1) {
        const CodeLayout layout{c4, c2, c1};
        if (layout.NumChunks() == 0) continue;
        const double error = error_of(layout);
        if (error < error_of(most_exact)) most_exact = layout;
        if (error > kGoodEnoughError) continue;
        if (!found || ScanCost(layout) < ScanCost(best)) best = layout;
        found = true;
      }
    }
  }
  return found ? best : most_exact;
}

double StepOf(int bits) { return bits == 4 ? 0.3352 : bits == 2 ? 0.9957 : 1.596; }

}  // namespace atelier
