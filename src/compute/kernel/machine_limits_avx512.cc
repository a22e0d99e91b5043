#include "compute/kernel/machine_limits.h"
#include "compute/kernel/matmul_avx512.h"

namespace atelier::avx512 {
namespace {

int64_t IntegerProducts(int64_t rounds) {
  constexpr int kChains = 16;
  volatile int8_t start = 1;
  const __m512i values = _mm512_set1_epi8(start);
  __m512i sums[kChains];
  for (__m512i& sum : sums) sum = values;
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int chain = 0; chain < kChains; ++chain) sums[chain] = _mm512_dpbusd_epi32(sums[chain], values, values);
  }
  __m512i sum = sums[0];
  for (int chain = 1; chain < kChains; ++chain) sum = _mm512_xor_si512(sum, sums[chain]);
  start = static_cast<int8_t>(_mm_cvtsi128_si32(_mm512_castsi512_si128(sum)));
  return kChains * 128;
}

uint64_t Read(const void* data, int64_t bytes) {
  const auto* lines = static_cast<const __m512i*>(data);
  __m512i sums[8];
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  for (int64_t i = 0; i < bytes / 64; i += 8) {
#pragma GCC unroll 8
    for (int lane = 0; lane < 8; ++lane) sums[lane] = _mm512_add_epi64(sums[lane], _mm512_load_si512(lines + i + lane));
  }
  for (int lane = 1; lane < 8; ++lane) sums[0] = _mm512_add_epi64(sums[0], sums[lane]);
  return static_cast<uint64_t>(_mm512_reduce_or_epi64(sums[0]));  // needs all of them; adding would overflow
}

}  // namespace

constinit const LimitLoops kLimitLoops{IntegerProducts, Read};

}  // namespace atelier::avx512
