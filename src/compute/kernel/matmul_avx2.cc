// The AVX2 version. A slice of one panel's codes is unpacked to bytes once and stays in the L1 cache while all rows
// pass by, two rows to a tile. vpmaddubsw adds pairs of products into 16 bits and would saturate: codes up to 6 bits
// leave room for 1 to 4 such sums, 8-bit codes are made signed and multiplied as |w| * (x with the sign of w), whose
// pairs stay below 2 * 128 * 127 = 32512. So every sum is exact.
#include "compute/kernel/matmul_avx2_parts.h"
#include "compute/kernel/matmul_versions.h"

namespace atelier::avx2 {

namespace {

constexpr int kTileRows = 2;
constexpr int64_t kMaxSliceGroups = 24;
constexpr int64_t kMaxBlockRows = 512;

// A panel's slice of K, unpacked. Lives in the caller's scratch memory.
struct alignas(64) Slice {
  uint8_t codes[kMaxSliceGroups][8][64];
  float scales[kMaxSliceGroups][2][kPanelRows];  // [group][part][row]
  float mins[kMaxSliceGroups][kPanelRows];
  float sums[kMaxBlockRows][kPanelRows];  // of earlier slices
};
static_assert(sizeof(Slice) <= kMatMulScratchBytes);

struct Groups {
  int64_t begin;
  int64_t end;
};

[[gnu::always_inline]] inline __m256i Load(const void* at) {
  return _mm256_load_si256(static_cast<const __m256i*>(at));
}

// Register c of a group's codes, half by half of the panel's rows; 8-bit codes come out signed.
template <int kBits>
[[gnu::always_inline]] inline __m256i LoadCodes(const PanelLayout& layout, const std::byte* panel, int64_t g, int c,
                                                int half) {
  const std::byte* plane = panel + layout.codes + half * 32;
  if constexpr (kBits == 8) return _mm256_xor_si256(Load(plane + (g * 8 + c) * 64), _mm256_set1_epi8(-128));
  const __m256i pair = Load(plane + (g * 4 + c % 4) * 64);
  const __m256i low = _mm256_and_si256(c < 4 ? pair : _mm256_srli_epi16(pair, 4), _mm256_set1_epi8(15));
  const std::byte* high = panel + layout.high_bits + half * 32;
  if constexpr (kBits == 5) {
    const __m256i bits = Load(high + g * 64);
    const __m256i moved = c < 4 ? _mm256_slli_epi16(bits, 4 - c) : _mm256_srli_epi16(bits, c - 4);
    return _mm256_or_si256(low, _mm256_and_si256(moved, _mm256_set1_epi8(0x10)));
  }
  if constexpr (kBits == 6) {
    const __m256i bits = Load(high + (g * 2 + c / 4) * 64);
    const int field = 2 * (c % 4);
    const __m256i moved = field <= 4 ? _mm256_slli_epi16(bits, 4 - field) : _mm256_srli_epi16(bits, field - 4);
    return _mm256_or_si256(low, _mm256_and_si256(moved, _mm256_set1_epi8(0x30)));
  }
  return low;
}

[[gnu::always_inline]] inline __m256 LoadF16(const std::byte* at) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
[[gnu::always_inline]] inline __m256 LoadU8(const std::byte* at) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
}
[[gnu::always_inline]] inline __m256 LoadS8(const std::byte* at) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
}

template <PanelTraits kTraits>
void UnpackScales(const PanelLayout& layout, const std::byte* panel, int64_t g, int half, int64_t at, Slice& slice) {
  const int64_t row = half * 8;
  if constexpr (!kTraits.is_super) {
    _mm256_store_ps(slice.scales[at][0] + row, LoadF16(panel + layout.scales + g * 32 + row * 2));
    if constexpr (kTraits.has_min) {
      _mm256_store_ps(slice.mins[at] + row, LoadF16(panel + layout.mins + g * 32 + row * 2));
    }
    return;
  }
  const __m256 super = LoadF16(panel + layout.super_scales + g / 8 * 32 + row * 2);
  for (int part = 0; part < kTraits.parts; ++part) {
    const std::byte* scale = panel + layout.scales + (g * kTraits.parts + part) * 16 + row;
    _mm256_store_ps(slice.scales[at][part] + row,
                    _mm256_mul_ps(super, kTraits.parts == 2 ? LoadS8(scale) : LoadU8(scale)));
  }
  if constexpr (kTraits.has_min) {
    const __m256 super_min = LoadF16(panel + layout.super_mins + g / 8 * 32 + row * 2);
    const __m256 min = _mm256_mul_ps(super_min, LoadU8(panel + layout.mins + g * 16 + row));
    _mm256_store_ps(slice.mins[at] + row, _mm256_xor_ps(min, _mm256_set1_ps(-0.0f)));
  }
}

template <PanelTraits kTraits>
void Unpack(const PanelLayout& layout, const std::byte* panel, Groups groups, Slice& slice) {
  for (int64_t g = groups.begin; g < groups.end; ++g) {
    const int64_t at = g - groups.begin;
    for (int half = 0; half < 2; ++half) {
#pragma GCC unroll 8
      for (int c = 0; c < 8; ++c) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(slice.codes[at][c] + half * 32),
                           LoadCodes<kTraits.bits>(layout, panel, g, c, half));
      }
      UnpackScales<kTraits>(layout, panel, g, half, at, slice);
    }
  }
}

[[gnu::always_inline]] inline __m256i Broadcast4(const int8_t* x) {
  int32_t four;
  __builtin_memcpy(&four, x, 4);
  return _mm256_set1_epi32(four);
}

// Pairs of products as 16-bit sums.
template <int kBits>
[[gnu::always_inline]] inline __m256i Pairs(__m256i codes, __m256i x) {
  if constexpr (kBits == 8) return _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(x, codes));
  return _mm256_maddubs_epi16(codes, x);
}

template <PanelTraits kTraits>
[[gnu::always_inline]] inline __m256i StartOf(const int32_t* neg_sums, int part) {
  if constexpr (kTraits.offset_shift == 0 || kTraits.bits == 8) return _mm256_setzero_si256();
  int32_t sum = neg_sums[0];
  if constexpr (kTraits.parts == 2) sum = part == 0 ? neg_sums[1] : neg_sums[0] - neg_sums[1];
  return _mm256_slli_epi32(_mm256_set1_epi32(sum), kTraits.offset_shift);
}

// Integer sums of one part of a group, for kRows rows of activations and both halves of the panel.
template <PanelTraits kTraits, int kRows>
[[gnu::always_inline]] inline void DotPart(const Slice& slice, const ActivationRows& x, int64_t row, int64_t g,
                                           int64_t at, int part, __m256i (&dots)[kRows][2]) {
  constexpr int kSteps = 8 / kTraits.parts;
  // How many 16-bit sums fit before they must widen.
  constexpr int kRun = kTraits.bits == 4 ? 8 : kTraits.bits == 5 ? 4 : kTraits.bits == 6 ? 2 : 1;
  const __m256i ones = _mm256_set1_epi16(1);
  for (int t = 0; t < kRows; ++t) {
    dots[t][0] = dots[t][1] = StartOf<kTraits>(x.neg_sums + 2 * ((row + t) * x.num_groups + g), part);
  }
#pragma GCC unroll 8
  for (int run = part * kSteps; run < (part + 1) * kSteps; run += kRun) {
    __m256i sums[kRows][2];
#pragma GCC unroll 8
    for (int c = run; c < run + kRun; ++c) {
      const __m256i codes[2] = {Load(slice.codes[at][c]), Load(slice.codes[at][c] + 32)};
#pragma GCC unroll 2
      for (int t = 0; t < kRows; ++t) {
        const __m256i four = Broadcast4(x.values + ((row + t) * x.num_groups + g) * kGroupSize + 4 * c);
        for (int half = 0; half < 2; ++half) {
          const __m256i pairs = Pairs<kTraits.bits>(codes[half], four);
          sums[t][half] = c == run ? pairs : _mm256_add_epi16(sums[t][half], pairs);
        }
      }
    }
    for (int t = 0; t < kRows; ++t) {
      for (int half = 0; half < 2; ++half) {
        dots[t][half] = _mm256_add_epi32(dots[t][half], _mm256_madd_epi16(sums[t][half], ones));
      }
    }
  }
}

template <PanelTraits kTraits, int kRows>
[[gnu::always_inline]] inline void AddGroup(const Slice& slice, const ActivationRows& x, int64_t row, int64_t g,
                                            int64_t at, __m256 (&acc)[kRows][2]) {
  for (int part = 0; part < kTraits.parts; ++part) {
    __m256i dots[kRows][2];
    DotPart<kTraits, kRows>(slice, x, row, g, at, part, dots);
    for (int t = 0; t < kRows; ++t) {
      const __m256 x_scale = _mm256_set1_ps(x.scales[(row + t) * x.num_groups + g]);
      for (int half = 0; half < 2; ++half) {
        const __m256 scale = _mm256_mul_ps(_mm256_load_ps(slice.scales[at][part] + half * 8), x_scale);
        acc[t][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t][half]), scale, acc[t][half]);
      }
    }
  }
  if constexpr (kTraits.has_min) {
    for (int t = 0; t < kRows; ++t) {
      const __m256 x_sum = _mm256_set1_ps(x.scaled_sums[(row + t) * x.num_groups + g]);
      for (int half = 0; half < 2; ++half) {
        acc[t][half] = _mm256_fmadd_ps(_mm256_load_ps(slice.mins[at] + half * 8), x_sum, acc[t][half]);
      }
    }
  }
}

template <PanelTraits kTraits, int kRows>
void MultiplyTile(Slice& slice, const ActivationRows& x, int64_t row, int64_t block_row, Groups groups) {
  __m256 acc[kRows][2];
  float(*sums)[kPanelRows] = slice.sums + block_row;
  for (int t = 0; t < kRows; ++t) {
    for (int half = 0; half < 2; ++half) acc[t][half] = _mm256_load_ps(sums[t] + half * 8);
  }
  for (int64_t g = groups.begin; g < groups.end; ++g) {
    AddGroup<kTraits, kRows>(slice, x, row, g, g - groups.begin, acc);
  }
  for (int t = 0; t < kRows; ++t) {
    for (int half = 0; half < 2; ++half) _mm256_store_ps(sums[t] + half * 8, acc[t][half]);
  }
}

template <PanelTraits kTraits>
void MultiplyPanel(const PackedMatrix& w, const ActivationRows& x, int64_t row, int64_t num_rows, int64_t p,
                   Slice& slice) {
  const int64_t num_slices = (x.num_groups + kMaxSliceGroups - 1) / kMaxSliceGroups;
  __builtin_memset(slice.sums, 0, static_cast<size_t>(num_rows) * sizeof slice.sums[0]);
  for (int64_t s = 0; s < num_slices; ++s) {
    const Groups groups{x.num_groups * s / num_slices, x.num_groups * (s + 1) / num_slices};
    Unpack<kTraits>(w.layout, w.data + p * w.layout.panel_bytes, groups, slice);
    int64_t t = 0;
    for (; t + kTileRows <= num_rows; t += kTileRows) MultiplyTile<kTraits, kTileRows>(slice, x, row + t, t, groups);
    if (t < num_rows) MultiplyTile<kTraits, 1>(slice, x, row + t, t, groups);
  }
}

void Multiply(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
              std::byte* scratch) {
  Slice& slice = *reinterpret_cast<Slice*>(scratch);
  for (int64_t row = 0; row < x.num_rows; row += kMaxBlockRows) {
    const int64_t left = x.num_rows - row;
    const int64_t num_rows = left < kMaxBlockRows ? left : kMaxBlockRows;
    for (int64_t p = panels.begin; p < panels.end; ++p) {
      WithTraits(w.layout.kind, [&]<PanelTraits kTraits>() { MultiplyPanel<kTraits>(w, x, row, num_rows, p, slice); });
      const int64_t width = w.n - p * kPanelRows < kPanelRows ? w.n - p * kPanelRows : kPanelRows;
      for (int64_t t = 0; t < num_rows; ++t) {
        __builtin_memcpy(y + (row + t) * y_stride + p * kPanelRows, slice.sums[t], static_cast<size_t>(width) * 4);
      }
    }
  }
}

}  // namespace

constinit const MatMulKernels kMatMulKernels{QuantizeRow, RestOfRow, Multiply, MultiplyFloat};

}  // namespace atelier::avx2
