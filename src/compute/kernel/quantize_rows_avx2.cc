#include "compute/kernel/matmul_avx2_parts.h"

namespace atelier::avx2 {

namespace {

constexpr float kLeastAmax = 0x1p-100f;  // below, 127 / amax could overflow

[[gnu::always_inline]] inline uint32_t LargestMagnitude(const __m256 (&x)[4]) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i most = _mm256_setzero_si256();
  for (const __m256& part : x) most = _mm256_max_epu32(most, _mm256_and_si256(_mm256_castps_si256(part), magnitude));
  __m128i four = _mm_max_epu32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
  four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0xb1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(four));
}

[[gnu::always_inline]] inline void QuantizeGroup(const float* x, const ActivationRows& out, int64_t flat) {
  const __m256 parts[4] = {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8), _mm256_loadu_ps(x + 16),
                           _mm256_loadu_ps(x + 24)};
  const uint32_t amax_bits = LargestMagnitude(parts);
  float amax;
  __builtin_memcpy(&amax, &amax_bits, 4);
  const bool finite = amax_bits < 0x7f800000u;
  const bool used = finite && amax >= kLeastAmax;
  const float scale = !finite ? __builtin_nanf("") : used ? amax / 127.0f : 0.0f;
  const float inverse = used ? 127.0f / amax : 0.0f;
  int8_t* values = out.values + flat * kGroupSize;
  int sums[2] = {0, 0};
  for (int i = 0; i < 4; ++i) {
    alignas(32) int32_t rounded[8] = {};
    if (used) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(rounded),
                         _mm256_cvtps_epi32(_mm256_mul_ps(parts[i], _mm256_set1_ps(inverse))));
    }
    for (int j = 0; j < 8; ++j) {
      values[i * 8 + j] = static_cast<int8_t>(rounded[j]);
      sums[i / 2] += rounded[j];
    }
  }
  out.scales[flat] = scale;
  out.scaled_sums[flat] = scale * static_cast<float>(sums[0] + sums[1]);
  out.neg_sums[2 * flat] = -(sums[0] + sums[1]);
  out.neg_sums[2 * flat + 1] = -sums[0];
}

}  // namespace

void QuantizeRow(const float* x, const ActivationRows& out, int64_t row) {
  const int64_t num_whole = out.k / kGroupSize;
  const int64_t flat = row * out.num_groups;
  for (int64_t g = 0; g < num_whole; ++g) QuantizeGroup(x + g * kGroupSize, out, flat + g);
  const int64_t left = out.k - num_whole * kGroupSize;
  if (left == 0) return;
  float tail[kGroupSize] = {};
  __builtin_memcpy(tail, x + num_whole * kGroupSize, static_cast<size_t>(left) * 4);
  QuantizeGroup(tail, out, flat + num_whole);
}

void RestOfRow(const float* x, const ActivationRows& rows, int64_t row, float* rest) {
  const int64_t flat = row * rows.num_groups;
  const int8_t* values = rows.values + flat * kGroupSize;
  int64_t k = 0;
  for (; k + 8 <= rows.k; k += 8) {
    const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(values + k));
    const __m256 taken = _mm256_mul_ps(_mm256_set1_ps(rows.scales[flat + k / kGroupSize]),
                                       _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)));
    _mm256_storeu_ps(rest + k, _mm256_sub_ps(_mm256_loadu_ps(x + k), taken));
  }
  for (; k < rows.k; ++k) rest[k] = x[k] - rows.scales[flat + k / kGroupSize] * static_cast<float>(values[k]);
}

}  // namespace atelier::avx2
