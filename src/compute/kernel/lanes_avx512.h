// Sixteen floats in one 512-bit register. The contract of every name is in lanes_plain.h.
#pragma once

#pragma GCC diagnostic push
#if !defined(__clang__)  // g++ 12 takes its own headers' undefined values for our mistakes
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <cstdint>

namespace atelier {
namespace {

constexpr int kLanes = 16;
constexpr int kRowTile = 6;
constexpr int kColumnTile = 4;  // 6 x 4 accumulators + 4 operands + 1 broadcast of 32 registers

using Lanes = __m512;
using LaneMask = __mmask16;

inline Lanes Splat(float x) { return _mm512_set1_ps(x); }
inline LaneMask FirstLanes(int count) { return static_cast<LaneMask>((1U << count) - 1U); }
inline Lanes Load(const float* p) { return _mm512_loadu_ps(p); }
inline Lanes LoadFirst(const float* p, int count) { return _mm512_maskz_loadu_ps(FirstLanes(count), p); }
inline void Store(float* p, Lanes a) { _mm512_storeu_ps(p, a); }
inline void StoreFirst(float* p, Lanes a, int count) { _mm512_mask_storeu_ps(p, FirstLanes(count), a); }

inline Lanes Add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
inline Lanes Sub(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
inline Lanes Mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
inline Lanes Div(Lanes a, Lanes b) { return _mm512_div_ps(a, b); }
inline Lanes Fma(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
inline Lanes Max(Lanes a, Lanes b) { return _mm512_max_ps(a, b); }
inline Lanes Min(Lanes a, Lanes b) { return _mm512_min_ps(a, b); }
inline Lanes Abs(Lanes a) { return _mm512_and_ps(a, _mm512_castsi512_ps(_mm512_set1_epi32(0x7fffffff))); }
inline Lanes CopySign(Lanes a, Lanes b) {
  const Lanes sign = _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(0x80000000U)));
  return _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b));
}
inline Lanes AddToExponent(Lanes a, Lanes t) {
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_slli_epi32(_mm512_castps_si512(t), 23)));
}

inline LaneMask Less(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline Lanes Select(LaneMask mask, Lanes yes, Lanes no) { return _mm512_mask_blend_ps(mask, no, yes); }

template <int kDistance>
inline Lanes SwapLanes(Lanes a) {
  constexpr int kOrder = kDistance == 2 || kDistance == 8 ? 0x4e : 0xb1;
  if constexpr (kDistance >= 4) return _mm512_shuffle_f32x4(a, a, kOrder);
  return _mm512_permute_ps(a, kOrder);
}

inline float ReduceAdd(Lanes a) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
inline float ReduceMax(Lanes a) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

inline Lanes LoadHalf(const uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline void StoreHalf(uint16_t* p, Lanes a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
inline Lanes LoadInt8(const int8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline void StoreLowBytes(int8_t* p, Lanes a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_castps_si512(a)));
}

}  // namespace
}  // namespace atelier
