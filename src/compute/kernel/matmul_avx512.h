// What the AVX-512 versions of the product share: reading a group of a panel into registers. Everything here is
// static, because objects compiled for one instruction set must not define symbols that others could link.
#pragma once

// g++ 12 takes the deliberately undefined operands inside its own intrinsics for mistakes.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include "compute/kernel/panel_traits.h"

namespace atelier::avx512 {

// Unpacks the 8 code registers of group g.
template <int kBits>
[[gnu::always_inline]] static inline void LoadCodes(const PanelLayout& layout, const std::byte* panel, int64_t g,
                                                    __m512i codes[8]) {
  const std::byte* plane = panel + layout.codes;
  if constexpr (kBits == 8) {
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) codes[c] = _mm512_load_si512(plane + (g * 8 + c) * 64);
  } else {
    const __m512i low_mask = _mm512_set1_epi8(15);
#pragma GCC unroll 8
    for (int c = 0; c < 4; ++c) {
      const __m512i pair = _mm512_load_si512(plane + (g * 4 + c) * 64);
      codes[c] = _mm512_and_si512(pair, low_mask);
      codes[c + 4] = _mm512_and_si512(_mm512_srli_epi16(pair, 4), low_mask);
    }
  }
  const std::byte* high = panel + layout.high_bits;
  if constexpr (kBits == 5) {
    const __m512i bits = _mm512_load_si512(high + g * 64);
    const __m512i mask = _mm512_set1_epi8(0x10);
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) {
      const __m512i moved = c < 4 ? _mm512_slli_epi16(bits, static_cast<unsigned>(4 - c) & 7)
                                  : _mm512_srli_epi16(bits, static_cast<unsigned>(c - 4) & 7);
      codes[c] = _mm512_ternarylogic_epi32(codes[c], moved, mask, 0xf8);  // a | (b & c)
    }
  }
  if constexpr (kBits == 6) {
    const __m512i mask = _mm512_set1_epi8(0x30);
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) {
      const __m512i bits = _mm512_load_si512(high + (g * 2 + c / 4) * 64);
      const int field = 2 * (c % 4);
      const __m512i moved = field <= 4 ? _mm512_slli_epi16(bits, static_cast<unsigned>(4 - field) & 7)
                                       : _mm512_srli_epi16(bits, static_cast<unsigned>(field - 4) & 7);
      codes[c] = _mm512_ternarylogic_epi32(codes[c], moved, mask, 0xf8);
    }
  }
}

[[gnu::always_inline]] static inline __m512 LoadF16(const std::byte* at) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}
[[gnu::always_inline]] static inline __m512 LoadU8(const std::byte* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}
[[gnu::always_inline]] static inline __m512 LoadS8(const std::byte* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

// The scale of part `part` of group g. Products of f16 and 8-bit integers are exact.
template <PanelTraits kTraits>
[[gnu::always_inline]] static inline __m512 LoadScale(const PanelLayout& layout, const std::byte* panel, int64_t g,
                                                      int part) {
  if constexpr (!kTraits.is_super) return LoadF16(panel + layout.scales + g * 32);
  const __m512 super = LoadF16(panel + layout.super_scales + g / 8 * 32);
  const std::byte* at = panel + layout.scales + (g * kTraits.parts + part) * 16;
  return _mm512_mul_ps(super, kTraits.parts == 2 ? LoadS8(at) : LoadU8(at));
}

// REQUIRES: kTraits.has_min.
template <PanelTraits kTraits>
[[gnu::always_inline]] static inline __m512 LoadMin(const PanelLayout& layout, const std::byte* panel, int64_t g) {
  if constexpr (!kTraits.is_super) return LoadF16(panel + layout.mins + g * 32);
  const __m512 super = LoadF16(panel + layout.super_mins + g / 8 * 32);
  const __m512 min = _mm512_mul_ps(super, LoadU8(panel + layout.mins + g * 16));
  return _mm512_xor_ps(min, _mm512_set1_ps(-0.0f));
}

// A group's bytes in all planes, in cache lines.
template <PanelTraits kTraits>
constexpr int kLinesPerGroup =
    (kTraits.bits * 64 + (kTraits.is_super ? 1 : 2) * 16 * (kTraits.parts + kTraits.has_min) + 8 + 63) / 64;

// Asks for as much as a group is, into the L2 cache.
template <PanelTraits kTraits>
[[gnu::always_inline]] static inline void PrefetchGroup(const std::byte* at) {
#pragma GCC unroll 16
  for (int line = 0; line < kLinesPerGroup<kTraits>; ++line) {
    _mm_prefetch(reinterpret_cast<const char*>(at + line * 64), _MM_HINT_T1);
  }
}

// Four activations, in every 32-bit lane.
[[gnu::always_inline]] static inline __m512i Broadcast4(const int8_t* x) {
  int32_t four;
  __builtin_memcpy(&four, x, 4);
  return _mm512_set1_epi32(four);
}

// Where the integer sum of part `part` starts: minus the offset times the activations' sum.
template <PanelTraits kTraits>
[[gnu::always_inline]] static inline __m512i StartOf(const int32_t* neg_sums, int part) {
  if constexpr (kTraits.offset_shift == 0) return _mm512_setzero_si512();
  int32_t sum = neg_sums[0];
  if constexpr (kTraits.parts == 2) sum = part == 0 ? neg_sums[1] : neg_sums[0] - neg_sums[1];
  return _mm512_slli_epi32(_mm512_set1_epi32(sum), kTraits.offset_shift);
}

}  // namespace atelier::avx512
