// Few rows: the time is that of reading the weights.
#include "compute/kernel/matmul_avx512.h"
#include "compute/kernel/matmul_avx512_parts.h"

namespace atelier::avx512 {

namespace {

// How far ahead of use panels are asked for, all planes alike, as if they were one stream: the hardware's own prefetch
// starts anew at every page and at every plane.
// Into the L2 cache: of the distances and levels tried, the one that reads both 4-bit and 8-bit panels fastest.
constexpr int64_t kPrefetchBytes = 8192;

template <PanelTraits kTraits, int kRows>
[[gnu::always_inline]] inline void AddGroup(const PanelLayout& layout, const std::byte* panel, const ActivationRows& x,
                                            int64_t g, const std::byte* ahead, __m512 (&acc)[kRows]) {
  __m512i codes[8];
  LoadCodes<kTraits.bits>(layout, panel, g, codes);
  PrefetchGroup<kTraits>(ahead);
  __m512 scales[kTraits.parts];
  for (int part = 0; part < kTraits.parts; ++part) scales[part] = LoadScale<kTraits>(layout, panel, g, part);
  constexpr int kSteps = 8 / kTraits.parts;
#pragma GCC unroll 8
  for (int t = 0; t < kRows; ++t) {
    const int64_t flat = t * x.num_groups + g;
    const int8_t* values = x.values + flat * kGroupSize;
    const __m512 x_scale = _mm512_set1_ps(x.scales[flat]);
#pragma GCC unroll 2
    for (int part = 0; part < kTraits.parts; ++part) {
      __m512i dot = StartOf<kTraits>(x.neg_sums + 2 * flat, part);
#pragma GCC unroll 8
      for (int c = part * kSteps; c < (part + 1) * kSteps; ++c) {
        dot = _mm512_dpbusd_epi32(dot, codes[c], Broadcast4(values + 4 * c));
      }
      acc[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_mul_ps(scales[part], x_scale), acc[t]);
    }
  }
  if constexpr (kTraits.has_min) {
    const __m512 min = LoadMin<kTraits>(layout, panel, g);
    for (int t = 0; t < kRows; ++t) {
      acc[t] = _mm512_fmadd_ps(min, _mm512_set1_ps(x.scaled_sums[t * x.num_groups + g]), acc[t]);
    }
  }
}

template <PanelTraits kTraits, int kRows>
void MultiplyPanels(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride) {
  const PanelLayout layout = w.layout;
  const int64_t num_groups = x.num_groups;
  const int64_t group_bytes = layout.panel_bytes / num_groups;
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    const std::byte* panel = w.data + p * layout.panel_bytes;
    __m512 acc[kRows];
    for (int t = 0; t < kRows; ++t) acc[t] = _mm512_setzero_ps();
    const std::byte* ahead = panel + kPrefetchBytes;
    for (int64_t g = 0; g < num_groups; ++g, ahead += group_bytes) {
      AddGroup<kTraits, kRows>(layout, panel, x, g, ahead, acc);
    }
    const int64_t left = w.n - p * kPanelRows;
    const auto mask = static_cast<__mmask16>(left >= kPanelRows ? 0xffff : (1 << left) - 1);
    for (int t = 0; t < kRows; ++t) _mm512_mask_storeu_ps(y + t * y_stride + p * kPanelRows, mask, acc[t]);
  }
}

}  // namespace

void MultiplyVector(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride) {
  WithTraits(w.layout.kind, [&]<PanelTraits kTraits>() {
    switch (x.num_rows) {
      case 1: return MultiplyPanels<kTraits, 1>(w, x, panels, y, y_stride);
      case 2: return MultiplyPanels<kTraits, 2>(w, x, panels, y, y_stride);
      case 3: return MultiplyPanels<kTraits, 3>(w, x, panels, y, y_stride);
      case 4: return MultiplyPanels<kTraits, 4>(w, x, panels, y, y_stride);
      case 5: return MultiplyPanels<kTraits, 5>(w, x, panels, y, y_stride);
      case 6: return MultiplyPanels<kTraits, 6>(w, x, panels, y, y_stride);
      case 7: return MultiplyPanels<kTraits, 7>(w, x, panels, y, y_stride);
      case 8: return MultiplyPanels<kTraits, 8>(w, x, panels, y, y_stride);
      default: return;
    }
  });
}

}  // namespace atelier::avx512
