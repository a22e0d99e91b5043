// Sixteen postings a step.
#pragma GCC diagnostic push
#if !defined(__clang__)  // g++ 12 takes its own headers' undefined values for our mistakes
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "knowledge/index/text/posting_kernels.h"

namespace atelier {

namespace {

// How 16 values of one width lie in the 2 * width bytes that hold them: which four bytes each lane takes, and how far
// they are shifted. A value of at most 25 bits lies in four bytes wherever it begins.
constexpr int kMaxBits = 25;
struct Layout {
  alignas(64) uint8_t bytes[64];
  alignas(64) uint32_t shifts[16];
};
struct Layouts {
  Layout of[kMaxBits + 1];
};

constexpr Layouts MakeLayouts() {
  Layouts layouts{};
  for (int bits = 0; bits <= kMaxBits; ++bits) {
    for (int lane = 0; lane < 16; ++lane) {
      const int bit = lane * bits;
      layouts.of[bits].shifts[lane] = static_cast<uint32_t>(bit % 8);
      for (int byte = 0; byte < 4; ++byte) {
        const int from = bit / 8 + byte;
        layouts.of[bits].bytes[lane * 4 + byte] = static_cast<uint8_t>(from < 64 ? from : 63);
      }
    }
  }
  return layouts;
}
constexpr Layouts kLayouts = MakeLayouts();

// Values of one width, 16 at a time.
class Unpacker {
 public:
  Unpacker(const uint8_t* packed, int bits)
      : at_(packed),
        step_(2 * bits),
        bytes_(_mm512_load_si512(kLayouts.of[bits].bytes)),
        shifts_(_mm512_load_si512(kLayouts.of[bits].shifts)),
        mask_(_mm512_set1_epi32((1 << bits) - 1)) {}
  __m512i Next() {
    const __m512i packed = _mm512_loadu_si512(at_);
    at_ += step_;
    return _mm512_and_si512(_mm512_srlv_epi32(_mm512_permutexvar_epi8(bytes_, packed), shifts_), mask_);
  }

 private:
  const uint8_t* at_;
  int step_;
  __m512i bytes_, shifts_, mask_;
};

__m512i Lanes() { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

// Each lane the sum of itself and those below.
__m512i PrefixSum(__m512i x) {
  const __m512i zero = _mm512_setzero_si512();
  x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 15));
  x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 14));
  x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 12));
  return _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 8));
}

// Records of a block, 16 at a time.
class Records {
 public:
  Records(const PostingBlock& block, uint32_t num_records)
      : differences_(block.records, block.record_bits),
        before_(_mm512_set1_epi32(static_cast<int>(block.first) - 1)),
        last_(_mm512_set1_epi32(static_cast<int>(num_records) - 1)) {}
  __m512i Next() {
    const __m512i step = _mm512_add_epi32(differences_.Next(), _mm512_set1_epi32(1));
    const __m512i records = _mm512_add_epi32(PrefixSum(step), before_);
    before_ = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), records);
    return _mm512_min_epu32(records, last_);
  }

 private:
  Unpacker differences_;
  __m512i before_, last_;
};

__mmask16 FirstLanes(uint32_t count) { return static_cast<__mmask16>(count >= 16 ? 0xFFFF : (1u << count) - 1); }

void UnpackRecords(const PostingBlock& block, uint32_t num_records, uint32_t* out) {
  Records records(block, num_records);
  for (uint32_t i = 0; i < block.count; i += 16)
    _mm512_mask_storeu_epi32(out + i, FirstLanes(block.count - i), records.Next());
}

void UnpackShapes(const PostingBlock& block, uint32_t num_shapes, uint32_t* out) {
  Unpacker shapes(block.shapes, block.shape_bits);
  const __m512i last = _mm512_set1_epi32(static_cast<int>(num_shapes) - 1);
  for (uint32_t i = 0; i < block.count; i += 16) {
    _mm512_mask_storeu_epi32(out + i, FirstLanes(block.count - i), _mm512_min_epu32(shapes.Next(), last));
  }
}

uint32_t FirstAtLeast(const uint32_t* records, uint32_t from, uint32_t count, uint32_t record) {
  const __m512i wanted = _mm512_set1_epi32(static_cast<int>(record));
  uint32_t at = from & ~15u;
  __mmask16 lanes = static_cast<__mmask16>(0xFFFFu << (from % 16));
  for (; at < count; at += 16, lanes = 0xFFFF) {
    const __mmask16 reached = _mm512_mask_cmpge_epu32_mask(lanes, _mm512_loadu_si512(records + at), wanted);
    if (reached == 0) continue;
    at += static_cast<uint32_t>(__builtin_ctz(reached));
    return at < count ? at : count;
  }
  return count;
}

uint32_t Select(const uint32_t* records, uint32_t count, const uint64_t* bits, uint32_t* out) {
  uint32_t num_selected = 0;
  for (uint32_t i = 0; i < count; i += 16) {
    const __m512i record = _mm512_maskz_loadu_epi32(FirstLanes(count - i), records + i);
    const __m512i word = _mm512_i32gather_epi32(_mm512_srli_epi32(record, 5), bits, 4);
    const __m512i bit = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(record, _mm512_set1_epi32(31)));
    const __mmask16 lanes = _mm512_mask_test_epi32_mask(FirstLanes(count - i), word, bit);
    _mm512_mask_compressstoreu_epi32(out + num_selected, lanes, record);
    num_selected += static_cast<uint32_t>(__builtin_popcount(lanes));
  }
  return num_selected;
}

// Where 16 frequencies are enough, and they nearly always are, they stay in a register.
template <bool kFewShapes>
void AddScoresOf(const PostingBlock& block, const TermScoring& term, float* scores) {
  Records records(block, term.num_records);
  Unpacker shapes(block.shapes, block.shape_bits);
  const __m512i last_shape = _mm512_set1_epi32(static_cast<int>(term.num_shapes) - 1);
  const __m512 few = _mm512_maskz_loadu_ps(FirstLanes(term.num_shapes), term.frequencies);
  const __m512 weight = _mm512_set1_ps(term.weight), base = _mm512_set1_ps(term.base),
               slope = _mm512_set1_ps(term.slope);
  for (uint32_t i = 0; i < block.count; i += 16) {
    const __mmask16 lanes = FirstLanes(block.count - i);
    const __m512i record = records.Next();
    const __m512i shape = _mm512_min_epu32(shapes.Next(), last_shape);
    const __m512 tf = kFewShapes ? _mm512_permutexvar_ps(shape, few) : _mm512_i32gather_ps(shape, term.frequencies, 4);
    const __m512 length = _mm512_i32gather_ps(record, term.lengths, 4);
    const __m512 norm = _mm512_add_ps(base, _mm512_mul_ps(slope, length));
    const __m512 part = _mm512_div_ps(_mm512_mul_ps(weight, tf), _mm512_add_ps(tf, norm));
    const __m512 score = _mm512_i32gather_ps(record, scores, 4);
    _mm512_mask_i32scatter_ps(scores, lanes, record, _mm512_add_ps(score, part), 4);
  }
}

void AddScores(const PostingBlock& block, const TermScoring& term, float* scores) {
  if (block.shape_bits <= 4) {
    AddScoresOf<true>(block, term, scores);
  } else {
    AddScoresOf<false>(block, term, scores);
  }
}

void Scan(ScoreScan& scan) {
  scan.num_found = scan.num_matching = 0;
  const __m512 zero = _mm512_setzero_ps(), above = _mm512_set1_ps(scan.above);
  for (uint32_t begin = scan.begin; begin < scan.end; begin += 64) {
    float* const at = scan.scores + begin;
    __m512 part[4];
    uint64_t positive = 0;
    for (int i = 0; i < 4; ++i) {
      part[i] = _mm512_loadu_ps(at + 16 * i);
      positive |= static_cast<uint64_t>(_mm512_cmp_ps_mask(part[i], zero, _CMP_GT_OQ)) << (16 * i);
    }
    if (positive == 0) continue;
    uint64_t matching = positive;
    if (scan.allowed != nullptr) matching &= scan.allowed[begin / 64];
    if (scan.counted != nullptr) matching &= scan.counted[begin / 64];
    scan.num_matching += static_cast<uint32_t>(__builtin_popcountll(matching));
    for (int i = 0; i < 4; ++i) {
      _mm512_storeu_ps(at + 16 * i, zero);
      const __mmask16 lanes =
          _mm512_mask_cmp_ps_mask(static_cast<__mmask16>(matching >> (16 * i)), part[i], above, _CMP_GT_OQ);
      if (lanes == 0) continue;
      const __m512i record = _mm512_add_epi32(Lanes(), _mm512_set1_epi32(static_cast<int>(begin) + 16 * i));
      _mm512_mask_compressstoreu_epi32(scan.found + scan.num_found, lanes, record);
      _mm512_mask_compressstoreu_ps(scan.found_scores + scan.num_found, lanes, part[i]);
      scan.num_found += static_cast<uint32_t>(__builtin_popcount(lanes));
    }
  }
}

constexpr PostingKernels kKernels{UnpackRecords, UnpackShapes, FirstAtLeast, Select, AddScores, Scan};

}  // namespace

const PostingKernels* Avx512PostingKernels() {
  const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni") &&
                   __builtin_cpu_supports("avx512bf16");
  return has ? &kKernels : nullptr;
}

}  // namespace atelier
