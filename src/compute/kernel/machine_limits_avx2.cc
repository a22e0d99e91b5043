#include <immintrin.h>

#include "compute/kernel/machine_limits.h"

namespace atelier::avx2 {
namespace {

// The pair of instructions that 8-bit products take here, and the sum.
int64_t IntegerProducts(int64_t rounds) {
  constexpr int kChains = 10;
  volatile int8_t start = 1;
  const __m256i values = _mm256_set1_epi8(start);
  const __m256i ones = _mm256_set1_epi16(start);
  __m256i sums[kChains] = {};
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 10
    for (int chain = 0; chain < kChains; ++chain) {
      const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_xor_si256(values, sums[chain]));
      sums[chain] = _mm256_add_epi32(sums[chain], _mm256_madd_epi16(pairs, ones));
    }
  }
  __m256i sum = sums[0];
  for (int chain = 1; chain < kChains; ++chain) sum = _mm256_xor_si256(sum, sums[chain]);
  start = static_cast<int8_t>(_mm256_extract_epi32(sum, 0));
  return kChains * 64;
}

uint64_t Read(const void* data, int64_t bytes) {
  const auto* words = static_cast<const __m256i*>(data);
  __m256i sums[8] = {};
  for (int64_t i = 0; i < bytes / 32; i += 8) {
#pragma GCC unroll 8
    for (int lane = 0; lane < 8; ++lane) sums[lane] = _mm256_add_epi64(sums[lane], _mm256_load_si256(words + i + lane));
  }
  for (int lane = 1; lane < 8; ++lane) sums[0] = _mm256_add_epi64(sums[0], sums[lane]);
  return static_cast<uint64_t>(_mm256_extract_epi64(sums[0], 0) + _mm256_extract_epi64(sums[0], 1) +
                               _mm256_extract_epi64(sums[0], 2) + _mm256_extract_epi64(sums[0], 3));
}

}  // namespace

constinit const LimitLoops kLimitLoops{IntegerProducts, Read};

}  // namespace atelier::avx2
