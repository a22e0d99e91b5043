// The contract of matmul.h in the fewest lines; tests compare the fast versions with this one.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "compute/kernel/matmul_versions.h"

namespace atelier::plain {

namespace {

constexpr float kLeastAmax = 0x1p-100f;  // below, 127 / amax could overflow

void QuantizeGroup(const float* x, int64_t count, const ActivationRows& out, int64_t flat_group) {
  uint32_t amax_bits = 0;  // magnitudes order like their bits, NaN above infinity
  for (int64_t i = 0; i < count; ++i) amax_bits = std::max(amax_bits, std::bit_cast<uint32_t>(x[i]) & 0x7fffffffu);
  const float amax = std::bit_cast<float>(amax_bits);
  const bool finite = amax_bits < 0x7f800000u;
  const bool used = finite && amax >= kLeastAmax;
  const float inverse = used ? 127.0f / amax : 0.0f;
  const float scale = !finite ? std::numeric_limits<float>::quiet_NaN() : used ? amax / 127.0f : 0.0f;
  int8_t* values = out.values + flat_group * kGroupSize;
  int sums[2] = {0, 0};
  for (int i = 0; i < kGroupSize; ++i) {
    const float scaled = used && i < count ? x[i] * inverse : 0.0f;
    values[i] = static_cast<int8_t>(std::lrintf(scaled));  // round to nearest even
    sums[i / 16] += values[i];
  }
  out.scales[flat_group] = scale;
  out.scaled_sums[flat_group] = scale * static_cast<float>(sums[0] + sums[1]);
  out.neg_sums[2 * flat_group] = -(sums[0] + sums[1]);
  out.neg_sums[2 * flat_group + 1] = -sums[0];
}

void QuantizeRow(const float* x, const ActivationRows& out, int64_t row) {
  for (int64_t g = 0; g < out.num_groups; ++g) {
    const int64_t begin = g * kGroupSize;
    QuantizeGroup(x + begin, std::min<int64_t>(kGroupSize, out.k - begin), out, row * out.num_groups + g);
  }
}

void RestOfRow(const float* x, const ActivationRows& rows, int64_t row, float* rest) {
  const int64_t flat = row * rows.num_groups;
  for (int64_t k = 0; k < rows.k; ++k) {
    rest[k] = x[k] - rows.scales[flat + k / kGroupSize] * static_cast<float>(rows.values[flat * kGroupSize + k]);
  }
}

// One output's share of one group.
float AddGroup(const PanelLayout& layout, const PanelGroup& w, int r, const ActivationRows& x, int64_t flat_group,
               float acc) {
  const int8_t* values = x.values + flat_group * kGroupSize;
  const int part_size = kGroupSize / layout.scales_per_group;
  for (int part = 0; part < layout.scales_per_group; ++part) {
    int dot = 0;
    for (int i = part * part_size; i < (part + 1) * part_size; ++i) {
      dot += (w.codes[r][i] - layout.code_offset) * values[i];
    }
    acc = std::fma(static_cast<float>(dot), w.scales[part][r] * x.scales[flat_group], acc);
  }
  return layout.has_min ? std::fma(w.mins[r], x.scaled_sums[flat_group], acc) : acc;
}

void Multiply(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
              std::byte* /*scratch*/) {
  std::vector<PanelGroup> groups(static_cast<size_t>(x.num_groups));
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    for (int64_t g = 0; g < x.num_groups; ++g) groups[static_cast<size_t>(g)] = UnpackGroup(w.layout, w.panel(p), g);
    for (int64_t t = 0; t < x.num_rows; ++t) {
      for (int r = 0; r < kPanelRows && p * kPanelRows + r < w.n; ++r) {
        float acc = 0;
        for (int64_t g = 0; g < x.num_groups; ++g) {
          acc = AddGroup(w.layout, groups[static_cast<size_t>(g)], r, x, t * x.num_groups + g, acc);
        }
        y[t * y_stride + p * kPanelRows + r] = acc;
      }
    }
  }
}

void MultiplyFloat(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride) {
  std::vector<float> weights(static_cast<size_t>(w.k * kPanelRows));
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    DequantizePanel(w.layout, w.panel(p), w.k, weights.data());
    for (int64_t t = 0; t < num_rows; ++t) {
      for (int64_t r = 0; r < kPanelRows && p * kPanelRows + r < w.n; ++r) {
        float acc = 0;
        for (int64_t i = 0; i < w.k; ++i) {
          acc = std::fma(weights[static_cast<size_t>(r * w.k + i)], x[t * x_stride + i], acc);
        }
        y[t * y_stride + p * kPanelRows + r] = acc;
      }
    }
  }
}

}  // namespace

constinit const MatMulKernels kMatMulKernels{QuantizeRow, RestOfRow, Multiply, MultiplyFloat};

}  // namespace atelier::plain
