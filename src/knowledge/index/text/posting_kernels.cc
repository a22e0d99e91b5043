#include "knowledge/index/text/posting_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "knowledge/index/text/segment_format.h"

namespace atelier {

namespace {

void UnpackRecords(const PostingBlock& block, uint32_t num_records, uint32_t* out) {
  uint32_t record = block.first;
  for (uint32_t i = 0; i < block.count; ++i) {
    record += UnpackOne(block.records, i, block.record_bits) + (i > 0);
    out[i] = std::min(record, num_records - 1);
  }
}

void UnpackShapes(const PostingBlock& block, uint32_t num_shapes, uint32_t* out) {
  for (uint32_t i = 0; i < block.count; ++i) {
    out[i] = std::min(UnpackOne(block.shapes, i, block.shape_bits), num_shapes - 1);
  }
}

uint32_t FirstAtLeast(const uint32_t* records, uint32_t from, uint32_t count, uint32_t record) {
  while (from < count && records[from] < record) ++from;
  return from;
}

uint32_t Select(const uint32_t* records, uint32_t count, const uint64_t* bits, uint32_t* out) {
  uint32_t num_selected = 0;
  for (uint32_t i = 0; i < count; ++i) {
    out[num_selected] = records[i];
    num_selected += static_cast<uint32_t>(bits[records[i] / 64] >> (records[i] % 64) & 1);
  }
  return num_selected;
}

void AddScores(const PostingBlock& block, const TermScoring& term, float* scores) {
  uint32_t records[kBlockPostings], shapes[kBlockPostings];
  UnpackRecords(block, term.num_records, records);
  UnpackShapes(block, term.num_shapes, shapes);
  for (uint32_t i = 0; i < block.count; ++i) {
    const float tf = term.frequencies[shapes[i]];
    const float norm = term.base + term.slope * term.lengths[records[i]];
    scores[records[i]] += term.weight * tf / (tf + norm);
  }
}

void Scan(ScoreScan& scan) {
  scan.num_found = scan.num_matching = 0;
  for (uint32_t begin = scan.begin; begin < scan.end; begin += 64) {
    uint64_t positive = 0;
    for (uint32_t i = 0; i < 64; ++i) positive |= static_cast<uint64_t>(scan.scores[begin + i] > 0) << i;
    if (positive == 0) continue;
    uint64_t matching = positive;
    if (scan.allowed != nullptr) matching &= scan.allowed[begin / 64];
    if (scan.counted != nullptr) matching &= scan.counted[begin / 64];
    scan.num_matching += static_cast<uint32_t>(std::popcount(matching));
    for (; matching != 0; matching &= matching - 1) {
      const uint32_t record = begin + static_cast<uint32_t>(std::countr_zero(matching));
      if (!(scan.scores[record] > scan.above)) continue;
      scan.found[scan.num_found] = record;
      scan.found_scores[scan.num_found++] = scan.scores[record];
    }
    std::memset(scan.scores + begin, 0, 64 * sizeof(float));
  }
}

}  // namespace

const PostingKernels& PlainPostingKernels() {
  static constexpr PostingKernels kernels{UnpackRecords, UnpackShapes, FirstAtLeast, Select, AddScores, Scan};
  return kernels;
}

const PostingKernels& BestPostingKernels() {
  static const PostingKernels* const best = [] {
    const PostingKernels* wide = Avx512PostingKernels();
    return wide != nullptr ? wide : &PlainPostingKernels();
  }();
  return *best;
}

}  // namespace atelier
