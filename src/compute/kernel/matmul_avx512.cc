#include "compute/kernel/matmul_avx512.h"

#include "compute/kernel/matmul_avx512_parts.h"
#include "compute/kernel/matmul_versions.h"

namespace atelier::avx512 {

namespace {

void Multiply(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
              std::byte* scratch) {
  if (x.num_rows <= kMaxVectorRows) return MultiplyVector(w, x, panels, y, y_stride);
  MultiplyMatrix(w, x, panels, y, y_stride, scratch);
}

template <PanelKind kKind>
[[gnu::always_inline]] inline __m512 LoadWeights(const std::byte* panel, int64_t k) {
  if constexpr (kKind == PanelKind::kF32) {
    return _mm512_load_ps(panel + k * 64);
  } else if constexpr (kKind == PanelKind::kF16) {
    return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(panel + k * 32)));
  } else {
    const __m256i bits = _mm256_load_si256(reinterpret_cast<const __m256i*>(panel + k * 32));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
}

// kRows rows by kPanels neighbouring panels; every sum is one chain over k.
template <PanelKind kKind, int kRows, int kPanels>
void MultiplyFloatTile(const PackedMatrix& w, int64_t p, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  const int64_t panel_bytes = w.layout.panel_bytes;
  const std::byte* panel = w.data + p * panel_bytes;
  __m512 acc[kRows][kPanels];
  for (int t = 0; t < kRows; ++t) {
    for (int i = 0; i < kPanels; ++i) acc[t][i] = _mm512_setzero_ps();
  }
  for (int64_t k = 0; k < w.k; ++k) {
    __m512 weights[kPanels];
    for (int i = 0; i < kPanels; ++i) weights[i] = LoadWeights<kKind>(panel + i * panel_bytes, k);
#pragma GCC unroll 8
    for (int t = 0; t < kRows; ++t) {
      const __m512 value = _mm512_set1_ps(x[t * x_stride + k]);
      for (int i = 0; i < kPanels; ++i) acc[t][i] = _mm512_fmadd_ps(weights[i], value, acc[t][i]);
    }
  }
  for (int i = 0; i < kPanels; ++i) {
    const int64_t left = w.n - (p + i) * kPanelRows;
    const auto mask = static_cast<__mmask16>(left >= kPanelRows ? 0xffff : (1 << left) - 1);
    for (int t = 0; t < kRows; ++t) {
      _mm512_mask_storeu_ps(y + t * y_stride + (p + i) * kPanelRows, mask, acc[t][i]);
    }
  }
}

template <PanelKind kKind, int kPanels>
void MultiplyFloatPanels(const PackedMatrix& w, int64_t p, const float* x, int64_t x_stride, int64_t num_rows, float* y,
                         int64_t y_stride) {
  int64_t t = 0;
  for (; t + 8 <= num_rows; t += 8) {
    if constexpr (kPanels == 4) {
      MultiplyFloatTile<kKind, 4, 4>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
      MultiplyFloatTile<kKind, 4, 4>(w, p, x + (t + 4) * x_stride, x_stride, y + (t + 4) * y_stride, y_stride);
    } else {
      MultiplyFloatTile<kKind, 8, kPanels>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
    }
  }
  for (; t + 4 <= num_rows; t += 4) {
    MultiplyFloatTile<kKind, 4, kPanels>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
  }
  for (; t < num_rows; ++t) {
    MultiplyFloatTile<kKind, 1, kPanels>(w, p, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
  }
}

template <PanelKind kKind>
void MultiplyFloatKind(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                       float* y, int64_t y_stride) {
  int64_t p = panels.begin;
  for (; p + 4 <= panels.end; p += 4) MultiplyFloatPanels<kKind, 4>(w, p, x, x_stride, num_rows, y, y_stride);
  for (; p < panels.end; ++p) MultiplyFloatPanels<kKind, 1>(w, p, x, x_stride, num_rows, y, y_stride);
}

}  // namespace

void MultiplyFloat(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride) {
  switch (w.layout.kind) {
    case PanelKind::kF32: return MultiplyFloatKind<PanelKind::kF32>(w, x, x_stride, num_rows, panels, y, y_stride);
    case PanelKind::kF16: return MultiplyFloatKind<PanelKind::kF16>(w, x, x_stride, num_rows, panels, y, y_stride);
    case PanelKind::kBf16: return MultiplyFloatKind<PanelKind::kBf16>(w, x, x_stride, num_rows, panels, y, y_stride);
    default: return;
  }
}

constinit const MatMulKernels kMatMulKernels{QuantizeRow, RestOfRow, Multiply, MultiplyFloat};

}  // namespace atelier::avx512
