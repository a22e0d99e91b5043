// The loops over postings and scores that searches spend their time in: plain, and one file per instruction set.
//
// All versions agree bit for bit. Records beyond `num_records` (of damaged bytes) are taken for the last one.
#pragma once

#include <cstdint>

namespace atelier {

// One block, in place.
struct PostingBlock {
  uint32_t first = 0;  // record within the window
  uint32_t count = 0;  // 1 to 128
  int record_bits = 0, shape_bits = 0, position_bits = 0;
  const uint8_t* records = nullptr;
  const uint8_t* shapes = nullptr;
  const uint8_t* positions = nullptr;
  uint64_t max_positions = 0;  // how many its bytes may hold
};

// A term's part in a record's score:  weight * tf / (tf + base + slope * length), in floats, in this order of steps.
struct TermScoring {
  float weight = 0;
  float base = 0, slope = 0;
  const float* frequencies = nullptr;  // [shapes]: tf; 0 adds nothing
  uint32_t num_shapes = 0;             // 1 or more
  const float* lengths = nullptr;      // [num_records] of the window
  uint32_t num_records = 0;            // 1 to 65,536
};

// A stretch of a window's scores to be looked through, and what is found.
struct ScoreScan {
  float* scores = nullptr;            // [num_records, rounded up to 64]; set to 0 on the way
  uint32_t begin = 0, end = 0;        // begin % 64 == 0
  const uint64_t* allowed = nullptr;  // a bit a record; null: all
  const uint64_t* counted = nullptr;  // another, both must have it
  float above = 0;                    // candidates score more than this
  uint32_t* found = nullptr;          // [end - begin + 16] records, ascending
  float* found_scores = nullptr;      // theirs
  uint32_t num_found = 0;
  uint32_t num_matching = 0;  // with a score above 0
};

struct PostingKernels {
  // out[0..127], and nothing beyond.
  void (*unpack_records)(const PostingBlock& block, uint32_t num_records, uint32_t* out);
  void (*unpack_shapes)(const PostingBlock& block, uint32_t num_shapes, uint32_t* out);
  // The first index from `from` on with records[index] >= record; count if there is none. `records`: [128], ascending
  // up to count. Fast where it is near.
  uint32_t (*first_at_least)(const uint32_t* records, uint32_t from, uint32_t count, uint32_t record);
  // Leaves in out[0..] those of records[0..count) whose bit is set; returns how many. `out`: [128].
  uint32_t (*select)(const uint32_t* records, uint32_t count, const uint64_t* bits, uint32_t* out);
  // scores[record] += the term's part, for each posting of the block.
  void (*add_scores)(const PostingBlock& block, const TermScoring& term, float* scores);
  void (*scan)(ScoreScan& scan);
};

const PostingKernels& PlainPostingKernels();
// Null where the machine has none.
const PostingKernels* Avx512PostingKernels();
// The fastest that this machine has.
const PostingKernels& BestPostingKernels();

}  // namespace atelier
