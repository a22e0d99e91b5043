#include "compute/kernel/lanes_avx2.h"
#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {
namespace {

// Sums of 8 vectors' four axes: products of pairs fit 16 bits, as codes are at most 15.
inline __m256i DotHalf(__m256i codes, __m256i weights, __m256i sum) {
  const __m256i pairs = _mm256_maddubs_epi16(codes, weights);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

template <int kBits>
inline void AddChunks(uint32_t num_chunks, const std::byte*& codes, const int32_t*& weights, __m256i& lo, __m256i& hi) {
  const __m256i mask = _mm256_set1_epi8((1 << kBits) - 1);
  for (uint32_t c = 0; c < num_chunks; ++c, codes += kChunkBytes) {
    __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
    __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes) + 1);
    for (int shift = 0; shift < 8; shift += kBits, ++weights) {
      const __m256i weight = _mm256_set1_epi32(*weights);
      lo = DotHalf(_mm256_and_si256(first, mask), weight, lo);
      hi = DotHalf(_mm256_and_si256(second, mask), weight, hi);
      first = _mm256_srli_epi16(first, kBits);
      second = _mm256_srli_epi16(second, kBits);
    }
  }
}

inline Lanes BlockDots(const CodeScan& scan, const std::byte* block) {
  const int32_t* weights = scan.weights;
  __m256i lo = _mm256_setzero_si256();
  __m256i hi = _mm256_setzero_si256();
  AddChunks<4>(scan.layout.num_chunks4, block, weights, lo, hi);
  AddChunks<2>(scan.layout.num_chunks2, block, weights, lo, hi);
  AddChunks<1>(scan.layout.num_chunks1, block, weights, lo, hi);
  return {_mm256_cvtepi32_ps(lo), _mm256_cvtepi32_ps(hi)};
}

inline uint32_t AtLeast(Lanes a, float threshold) {
  const __m256 t = _mm256_set1_ps(threshold);
  const int lo = _mm256_movemask_ps(_mm256_cmp_ps(a.lo, t, _CMP_GE_OQ));
  const int hi = _mm256_movemask_ps(_mm256_cmp_ps(a.hi, t, _CMP_GE_OQ));
  return static_cast<uint32_t>(lo) | static_cast<uint32_t>(hi) << 8;
}

uint16_t Members(const uint64_t* words, const uint32_t* ids, int num) {
  uint32_t bits = 0;
  for (int i = 0; i < num; ++i) bits |= static_cast<uint32_t>(words[ids[i] / 64] >> (ids[i] % 64) & 1) << i;
  return static_cast<uint16_t>(bits);
}

}  // namespace
}  // namespace atelier

// The body is written over the lanes and the functions above.
#include "knowledge/index/vector/vector_kernels_body.h"

namespace atelier {
extern const ScanKernels scan_kernels_avx2;
const ScanKernels scan_kernels_avx2 = kScanKernels;
}  // namespace atelier
