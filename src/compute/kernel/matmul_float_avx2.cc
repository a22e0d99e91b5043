#include "compute/kernel/matmul_avx2_parts.h"

namespace atelier::avx2 {

namespace {

template <PanelKind kKind>
[[gnu::always_inline]] inline __m256 LoadWeights(const std::byte* panel, int64_t k, int half) {
  if constexpr (kKind == PanelKind::kF32) {
    return _mm256_load_ps(reinterpret_cast<const float*>(panel + k * 64 + half * 32));
  } else {
    const __m128i bits = _mm_load_si128(reinterpret_cast<const __m128i*>(panel + k * 32 + half * 16));
    if constexpr (kKind == PanelKind::kF16) {
      return _mm256_cvtph_ps(bits);
    } else {
      return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
    }
  }
}

template <PanelKind kKind, int kRows>
void MultiplyTile(const PackedMatrix& w, int64_t p, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  const std::byte* panel = w.data + p * w.layout.panel_bytes;
  __m256 acc[kRows][2];
  for (int t = 0; t < kRows; ++t) acc[t][0] = acc[t][1] = _mm256_setzero_ps();
  for (int64_t k = 0; k < w.k; ++k) {
    const __m256 weights[2] = {LoadWeights<kKind>(panel, k, 0), LoadWeights<kKind>(panel, k, 1)};
#pragma GCC unroll 6
    for (int t = 0; t < kRows; ++t) {
      const __m256 value = _mm256_set1_ps(x[t * x_stride + k]);
      for (int half = 0; half < 2; ++half) acc[t][half] = _mm256_fmadd_ps(weights[half], value, acc[t][half]);
    }
  }
  const int64_t left = w.n - p * kPanelRows;
  const auto width = static_cast<size_t>(left < kPanelRows ? left : kPanelRows);
  for (int t = 0; t < kRows; ++t) {
    alignas(32) float row[kPanelRows];
    for (int half = 0; half < 2; ++half) _mm256_store_ps(row + half * 8, acc[t][half]);
    __builtin_memcpy(y + t * y_stride + p * kPanelRows, row, width * 4);
  }
}

template <PanelKind kKind>
void MultiplyKind(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                  float* y, int64_t y_stride) {
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    int64_t t = 0;
    for (; t + 6 <= num_rows; t += 6) {
      MultiplyTile<kKind, 6>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
    }
    for (; t + 2 <= num_rows; t += 2) {
      MultiplyTile<kKind, 2>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
    }
    if (t < num_rows) MultiplyTile<kKind, 1>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
  }
}

}  // namespace

void MultiplyFloat(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride) {
  switch (w.layout.kind) {
    case PanelKind::kF32: return MultiplyKind<PanelKind::kF32>(w, x, x_stride, num_rows, panels, y, y_stride);
    case PanelKind::kF16: return MultiplyKind<PanelKind::kF16>(w, x, x_stride, num_rows, panels, y, y_stride);
    case PanelKind::kBf16: return MultiplyKind<PanelKind::kBf16>(w, x, x_stride, num_rows, panels, y, y_stride);
    default: return;
  }
}

}  // namespace atelier::avx2
