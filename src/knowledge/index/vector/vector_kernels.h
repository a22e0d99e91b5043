// What a search by similarity spends its time in. Plain, AVX2 and AVX-512 versions give the same bits: integers are
// exact, and floats are added in one order (16 lanes and one tree, as in compute/kernel/vector_math.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/kernel/isa.h"
#include "knowledge/index/vector/code_layout.h"

namespace atelier {

// out[i] = the score of row positions[i] (rows + positions[i] * row_bytes) for a query of n floats.
// COST: bound by memory; rows of the next round are asked for while one round is summed.
using ScoreRows = void (*)(const float* query, const std::byte* rows, size_t row_bytes, const uint32_t* positions,
                           int64_t num_rows, int64_t n, float* out);

// Codes beside what one query makes of them. With dot = sum_i weight[i] * code[i] over the axes, an integer,
//   estimate = factor * (scale * dot + offset) + addend                of the query's product with the vector
//   bound    = factor * (scale * dot + offset + margin) + addend       what it will hardly exceed
struct CodeScan {
  CodeLayout layout;
  size_t block_bytes = 0;            // of the layout
  const std::byte* codes = nullptr;  // [blocks of 16 positions][block_bytes]
  const float* factors = nullptr;    // by position, whole blocks
  const float* addends = nullptr;    // the same; or sixteen zeros, with a stride of 0
  size_t addend_stride = 0;          // from a block to the next: 16 or 0
  const int32_t* weights = nullptr;  // [layout.NumAxes() / 4], four int8 each
  float scale = 0, offset = 0, margin = 0;
};

struct Candidate {
  float estimate, bound;
  uint32_t position;
};

struct ScanKernels {
  // By VectorStorage. Distances are squared and negated.
  ScoreRows inner_product[3];
  ScoreRows squared_distance[3];

  // y[16 b + l] = start[16 b + l] + sum_d x[d] * blocks[b][d][l]: products with vectors that lie 16 side by side.
  void (*project)(const float* blocks, const float* start, const float* x, int64_t num_blocks, int64_t n, float* y);

  // Those of positions first to last - 1 whose bound is at least `threshold`, in order; returns how many. `masks` has
  // 16 bits for each block from first / 16 on (positions that count), or is null.
  // REQUIRES: room in `out` for the positions of all blocks touched.
  size_t (*scan_range)(const CodeScan& scan, uint32_t first, uint32_t last, const uint16_t* masks, float threshold,
                       Candidate* out);
  // The same over single blocks, masks[i] for blocks[i].
  size_t (*scan_blocks)(const CodeScan& scan, const uint32_t* blocks, const uint16_t* masks, size_t num_blocks,
                        float threshold, Candidate* out);
  // Bit i: whether ids[i] is in the set of 64 a word; for num <= 16 ids. REQUIRES: they are within the set.
  uint16_t (*members)(const uint64_t* words, const uint32_t* ids, int num);
};

const ScanKernels& ScanKernelsFor(Isa isa);

}  // namespace atelier
