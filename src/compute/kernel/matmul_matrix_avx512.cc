// Many rows: the time is that of vpdpbusd. Two panels share every broadcast of four activations; six rows of
// activations share every load of weights: 12 products for 8 loads. Codes are unpacked once for up to kMaxBlockRows
// rows, in slices of K small enough that they stay in the L1 cache; between slices the sums wait in memory as f32,
// which changes no bit of them.
#include "compute/kernel/matmul_avx512.h"
#include "compute/kernel/matmul_avx512_parts.h"

namespace atelier::avx512 {

namespace {

constexpr int kTileRows = 6;
constexpr int64_t kMaxSliceGroups = 20;
constexpr int64_t kMaxBlockRows = 512;

// Two panels' slice of K, unpacked. Lives in the caller's scratch memory.
struct alignas(64) Slice {
  uint8_t codes[kMaxSliceGroups][8][2][64];
  float scales[kMaxSliceGroups][2][2][kPanelRows];  // [group][part][panel][row]
  float mins[kMaxSliceGroups][2][kPanelRows];
  float sums[kMaxBlockRows][2][kPanelRows];  // of earlier slices
};
static_assert(sizeof(Slice) <= kMatMulScratchBytes);

struct Groups {
  int64_t begin;
  int64_t end;
};

template <PanelTraits kTraits>
void Unpack(const PanelLayout& layout, const std::byte* panel, Groups groups, int p, Slice& slice) {
  for (int64_t g = groups.begin; g < groups.end; ++g) {
    const int64_t at = g - groups.begin;
    __m512i codes[8];
    LoadCodes<kTraits.bits>(layout, panel, g, codes);
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) _mm512_store_si512(slice.codes[at][c][p], codes[c]);
    for (int part = 0; part < kTraits.parts; ++part) {
      _mm512_store_ps(slice.scales[at][part][p], LoadScale<kTraits>(layout, panel, g, part));
    }
    if constexpr (kTraits.has_min) _mm512_store_ps(slice.mins[at][p], LoadMin<kTraits>(layout, panel, g));
  }
}

template <PanelTraits kTraits, int kRows, int kPanels>
[[gnu::always_inline]] inline void AddGroup(const Slice& slice, const ActivationRows& x, int64_t row, int64_t g,
                                            int64_t at, __m512 (&acc)[kRows][kPanels]) {
  constexpr int kSteps = 8 / kTraits.parts;
  const int8_t* values = x.values + (row * x.num_groups + g) * kGroupSize;
  const int64_t stride = x.num_groups * kGroupSize;
#pragma GCC unroll 2
  for (int part = 0; part < kTraits.parts; ++part) {
    __m512i dots[kRows][kPanels];
#pragma GCC unroll 6
    for (int t = 0; t < kRows; ++t) {
      const __m512i start = StartOf<kTraits>(x.neg_sums + 2 * ((row + t) * x.num_groups + g), part);
      for (int p = 0; p < kPanels; ++p) dots[t][p] = start;
    }
#pragma GCC unroll 8
    for (int c = part * kSteps; c < (part + 1) * kSteps; ++c) {
      __m512i codes[kPanels];
      for (int p = 0; p < kPanels; ++p) codes[p] = _mm512_load_si512(slice.codes[at][c][p]);
#pragma GCC unroll 6
      for (int t = 0; t < kRows; ++t) {
        const __m512i four = Broadcast4(values + t * stride + 4 * c);
        for (int p = 0; p < kPanels; ++p) dots[t][p] = _mm512_dpbusd_epi32(dots[t][p], codes[p], four);
      }
    }
    __m512 scales[kPanels];
    for (int p = 0; p < kPanels; ++p) scales[p] = _mm512_load_ps(slice.scales[at][part][p]);
#pragma GCC unroll 6
    for (int t = 0; t < kRows; ++t) {
      const __m512 x_scale = _mm512_set1_ps(x.scales[(row + t) * x.num_groups + g]);
      for (int p = 0; p < kPanels; ++p) {
        acc[t][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][p]), _mm512_mul_ps(scales[p], x_scale), acc[t][p]);
      }
    }
  }
  if constexpr (kTraits.has_min) {
#pragma GCC unroll 6
    for (int t = 0; t < kRows; ++t) {
      const __m512 x_sum = _mm512_set1_ps(x.scaled_sums[(row + t) * x.num_groups + g]);
      for (int p = 0; p < kPanels; ++p) {
        acc[t][p] = _mm512_fmadd_ps(_mm512_load_ps(slice.mins[at][p]), x_sum, acc[t][p]);
      }
    }
  }
}

// With few rows the time is that of reading. So the panels to come are asked for while products are made, a few lines a
// group: all at once they would wait for each other.
class Ahead {
 public:
  // `num_groups`: how many groups products are made of until [begin, end) should have been asked for.
  Ahead(const std::byte* begin, const std::byte* end, int64_t num_groups)
      : at_(begin), end_(end), step_(((end - begin) / num_groups + 63) / 64 * 64) {}
  void Prefetch() {
    const std::byte* until = at_ + step_ < end_ ? at_ + step_ : end_;
    for (; at_ < until; at_ += 64) _mm_prefetch(reinterpret_cast<const char*>(at_), _MM_HINT_T1);
  }

 private:
  const std::byte* at_;
  const std::byte* end_;
  int64_t step_;
};

// Where a tile's sums come from and go to.
struct Place {
  bool first = false;  // slice of K
  bool last = false;
  float* y = nullptr;  // column of the first panel, row of the block
  int64_t y_stride = 0;
  __mmask16 masks[2] = {0, 0};
};

template <PanelTraits kTraits, int kRows, int kPanels>
void MultiplyTile(Slice& slice, const ActivationRows& x, int64_t row, int64_t block_row, Groups groups,
                  const Place& place, Ahead& ahead) {
  __m512 acc[kRows][kPanels];
  float(*sums)[2][kPanelRows] = slice.sums + block_row;
#pragma GCC unroll 6
  for (int t = 0; t < kRows; ++t) {
    for (int p = 0; p < kPanels; ++p) acc[t][p] = place.first ? _mm512_setzero_ps() : _mm512_load_ps(sums[t][p]);
  }
  for (int64_t g = groups.begin; g < groups.end; ++g) {
    ahead.Prefetch();
    AddGroup<kTraits, kRows, kPanels>(slice, x, row, g, g - groups.begin, acc);
  }
#pragma GCC unroll 6
  for (int t = 0; t < kRows; ++t) {
    for (int p = 0; p < kPanels; ++p) {
      if (!place.last) {
        _mm512_store_ps(sums[t][p], acc[t][p]);
      } else {
        _mm512_mask_storeu_ps(place.y + (block_row + t) * place.y_stride + p * kPanelRows, place.masks[p], acc[t][p]);
      }
    }
  }
}

template <PanelTraits kTraits, int kPanels>
void MultiplySlice(Slice& slice, const ActivationRows& x, int64_t row, int64_t num_rows, Groups groups,
                   const Place& place, Ahead ahead) {
  int64_t t = 0;
  for (; t + kTileRows <= num_rows; t += kTileRows) {
    MultiplyTile<kTraits, kTileRows, kPanels>(slice, x, row + t, t, groups, place, ahead);
  }
  if (t + 4 <= num_rows) {
    MultiplyTile<kTraits, 4, kPanels>(slice, x, row + t, t, groups, place, ahead);
    t += 4;
  }
  if (t + 2 <= num_rows) {
    MultiplyTile<kTraits, 2, kPanels>(slice, x, row + t, t, groups, place, ahead);
    t += 2;
  }
  if (t < num_rows) MultiplyTile<kTraits, 1, kPanels>(slice, x, row + t, t, groups, place, ahead);
}

template <PanelTraits kTraits>
void MultiplyBlock(const PackedMatrix& w, const ActivationRows& x, int64_t row, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride, Slice& slice) {
  const PanelLayout layout = w.layout;
  const int64_t num_slices = (x.num_groups + kMaxSliceGroups - 1) / kMaxSliceGroups;
  for (int64_t p = panels.begin; p < panels.end; p += 2) {
    const bool two = p + 1 < panels.end;
    Place place{.y = y + row * y_stride + p * kPanelRows, .y_stride = y_stride};
    for (int i = 0; i < 2; ++i) {
      const int64_t left = w.n - (p + i) * kPanelRows;
      place.masks[i] = static_cast<__mmask16>(left >= kPanelRows ? 0xffff : left <= 0 ? 0 : (1 << left) - 1);
    }
    for (int64_t s = 0; s < num_slices; ++s) {
      const Groups groups{x.num_groups * s / num_slices, x.num_groups * (s + 1) / num_slices};
      place.first = s == 0;
      place.last = s + 1 == num_slices;
      Unpack<kTraits>(layout, w.data + p * layout.panel_bytes, groups, 0, slice);
      if (two) Unpack<kTraits>(layout, w.data + (p + 1) * layout.panel_bytes, groups, 1, slice);
      const std::byte* next = w.data + (p + 2) * layout.panel_bytes;
      const int64_t num_tiles = (num_rows + kTileRows - 1) / kTileRows;
      const Ahead ahead(next + 2 * layout.panel_bytes * s / num_slices,
                        next + 2 * layout.panel_bytes * (s + 1) / num_slices, num_tiles * (groups.end - groups.begin));
      if (two) {
        MultiplySlice<kTraits, 2>(slice, x, row, num_rows, groups, place, ahead);
      } else {
        MultiplySlice<kTraits, 1>(slice, x, row, num_rows, groups, place, ahead);
      }
    }
  }
}

}  // namespace

void MultiplyMatrix(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
                    std::byte* scratch) {
  Slice& slice = *reinterpret_cast<Slice*>(scratch);
  WithTraits(w.layout.kind, [&]<PanelTraits kTraits>() {
    for (int64_t row = 0; row < x.num_rows; row += kMaxBlockRows) {
      const int64_t left = x.num_rows - row;
      const int64_t num_rows = left < kMaxBlockRows ? left : kMaxBlockRows;
      MultiplyBlock<kTraits>(w, x, row, num_rows, panels, y, y_stride, slice);
    }
  });
}

}  // namespace atelier::avx512
