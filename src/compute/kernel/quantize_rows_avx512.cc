#include "compute/kernel/matmul_avx512.h"
#include "compute/kernel/matmul_avx512_parts.h"

namespace atelier::avx512 {

namespace {

constexpr float kLeastAmax = 0x1p-100f;  // below, 127 / amax could overflow

[[gnu::always_inline]] inline int SumOfBytes(__m128i bytes) {
  // Signed bytes summed as unsigned ones, biased by 128 each.
  const __m128i biased = _mm_xor_si128(bytes, _mm_set1_epi8(-128));
  const __m128i halves = _mm_sad_epu8(biased, _mm_setzero_si128());
  return _mm_cvtsi128_si32(halves) + _mm_extract_epi16(halves, 4) - 16 * 128;
}

[[gnu::always_inline]] inline void QuantizeGroup(__m512 low, __m512 high, const ActivationRows& out, int64_t flat) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  const __m512i bits = _mm512_max_epu32(_mm512_and_si512(_mm512_castps_si512(low), magnitude),
                                        _mm512_and_si512(_mm512_castps_si512(high), magnitude));
  const auto amax_bits = static_cast<int32_t>(_mm512_reduce_max_epu32(bits));
  float amax;
  __builtin_memcpy(&amax, &amax_bits, 4);
  const bool finite = amax_bits < 0x7f800000;
  const bool used = finite && amax >= kLeastAmax;
  const float scale = !finite ? __builtin_nanf("") : used ? amax / 127.0f : 0.0f;
  __m128i values[2] = {_mm_setzero_si128(), _mm_setzero_si128()};
  if (used) {
    const __m512 inverse = _mm512_set1_ps(127.0f / amax);
    values[0] = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(low, inverse)));
    values[1] = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(high, inverse)));
  }
  auto* at = reinterpret_cast<__m128i*>(out.values + flat * kGroupSize);
  _mm_store_si128(at, values[0]);
  _mm_store_si128(at + 1, values[1]);
  const int first = SumOfBytes(values[0]);
  const int sum = first + SumOfBytes(values[1]);
  out.scales[flat] = scale;
  out.scaled_sums[flat] = scale * static_cast<float>(sum);
  out.neg_sums[2 * flat] = -sum;
  out.neg_sums[2 * flat + 1] = -first;
}

}  // namespace

void QuantizeRow(const float* x, const ActivationRows& out, int64_t row) {
  const int64_t num_whole = out.k / kGroupSize;
  const int64_t flat = row * out.num_groups;
  for (int64_t g = 0; g < num_whole; ++g) {
    QuantizeGroup(_mm512_loadu_ps(x + g * kGroupSize), _mm512_loadu_ps(x + g * kGroupSize + 16), out, flat + g);
  }
  const int64_t left = out.k - num_whole * kGroupSize;
  if (left == 0) return;
  const uint32_t mask = (1u << left) - 1;
  const float* tail = x + num_whole * kGroupSize;
  QuantizeGroup(_mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), tail),
                _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16), left > 16 ? tail + 16 : tail), out,
                flat + num_whole);
}

void RestOfRow(const float* x, const ActivationRows& rows, int64_t row, float* rest) {
  const int64_t flat = row * rows.num_groups;
  for (int64_t k = 0; k < rows.k; k += 16) {
    const int64_t left = rows.k - k;
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
    const auto* values = reinterpret_cast<const __m128i*>(rows.values + flat * kGroupSize + k);
    const __m512 codes = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(values)));
    const __m512 taken = _mm512_mul_ps(_mm512_set1_ps(rows.scales[flat + k / kGroupSize]), codes);
    _mm512_mask_storeu_ps(rest + k, mask, _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + k), taken));
  }
}

}  // namespace atelier::avx512
