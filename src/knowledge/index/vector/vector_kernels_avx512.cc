#include "compute/kernel/lanes_avx512.h"
#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {
namespace {

// Codes are multiplied where they stand in their bytes; what that makes them larger by (a power of 2) is taken from the
// sums of each place at the end, exactly.
template <int kBits>
inline __m512i AddChunks(uint32_t num_chunks, const std::byte*& codes, const int32_t*& weights, __m512i sum) {
  constexpr int kPlaces = 8 / kBits;
  if (num_chunks == 0) return sum;
  __m512i sums[kPlaces];
  for (int t = 0; t < kPlaces; ++t) sums[t] = _mm512_setzero_si512();
  for (uint32_t c = 0; c < num_chunks; ++c, codes += kChunkBytes) {
    const __m512i chunk = _mm512_loadu_si512(codes);
    for (int t = 0; t < kPlaces; ++t, ++weights) {
      const __m512i mask = _mm512_set1_epi8(static_cast<char>(((1 << kBits) - 1) << (t * kBits)));
      sums[t] = _mm512_dpbusd_epi32(sums[t], _mm512_and_si512(chunk, mask), _mm512_set1_epi32(*weights));
    }
  }
  for (int t = 0; t < kPlaces; ++t)
    sum = _mm512_add_epi32(sum, _mm512_srai_epi32(sums[t], static_cast<unsigned>(t * kBits)));
  return sum;
}

inline Lanes BlockDots(const CodeScan& scan, const std::byte* block) {
  const int32_t* weights = scan.weights;
  __m512i sum = AddChunks<4>(scan.layout.num_chunks4, block, weights, _mm512_setzero_si512());
  sum = AddChunks<2>(scan.layout.num_chunks2, block, weights, sum);
  sum = AddChunks<1>(scan.layout.num_chunks1, block, weights, sum);
  return _mm512_cvtepi32_ps(sum);
}

inline uint32_t AtLeast(Lanes a, float threshold) {
  return _mm512_cmp_ps_mask(a, _mm512_set1_ps(threshold), _CMP_GE_OQ);
}

uint16_t Members(const uint64_t* words, const uint32_t* ids, int num) {
  const __mmask16 some = static_cast<__mmask16>((1U << num) - 1U);
  const __m512i id = _mm512_maskz_loadu_epi32(some, ids);
  const __m512i word = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), some, _mm512_srli_epi32(id, 5), words, 4);
  const __m512i bit = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(id, _mm512_set1_epi32(31)));
  return _mm512_mask_test_epi32_mask(some, word, bit);
}

}  // namespace
}  // namespace atelier

// The body is written over the lanes and the functions above.
#include "knowledge/index/vector/vector_kernels_body.h"

namespace atelier {
extern const ScanKernels scan_kernels_avx512;
const ScanKernels scan_kernels_avx512 = kScanKernels;
}  // namespace atelier
