// What a thread of the gang knows while it runs a program: the batch, where values lie, its own memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compute/kernel/attention.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/matmul.h"
#include "compute/kernel/vector_math.h"
#include "engine/cache/cache_view.h"
#include "engine/plan/step.h"
#include "graph/rows.h"

namespace atelier {

// The rows of one sequence in the batch.
struct SequenceRows {
  int64_t first = 0;
  int64_t size = 0;
  int64_t first_position = 0;
  int64_t first_block = 0;  // encoders: in the plan's own blocks
};

// Some consecutive rows of one sequence: what one call of the attention kernel takes.
struct AttentionTile {
  int32_t sequence = 0;
  int32_t first = 0;  // row of the batch
  int32_t size = 0;
};

// Where keys and values of one slot lie.
struct SlotPlace {
  KvHeadLayout layout;
  std::int64_t offset = 0;  // in a block
};

// Of one run; the same for all threads.
struct RunState {
  const Program* program = nullptr;
  const Rows* rows = nullptr;
  int64_t num_rows[3] = {};  // by RowKind
  std::byte* arena = nullptr;
  std::vector<SequenceRows> sequences;
  std::vector<AttentionTile> tiles;  // those that see most come first
  bool few_rows_each = false;        // every sequence has at most kFewRows rows: decoding
  // cos and sin of rope r, row t: angles[r] + t * 2 * pairs, cosines then sines
  std::vector<float*> angles;
  const CacheView* cache = nullptr;
  std::vector<SlotPlace> slots;
  std::byte* encoder_blocks = nullptr;
  std::vector<int32_t> encoder_table;  // 0, 1, 2, ...
  const MatMulKernels* matmul = nullptr;
  const VectorKernels* vector = nullptr;
  const AttentionKernels* attention = nullptr;
  std::vector<std::atomic<int32_t>> claimed;  // by step: attention units taken so far

  int64_t rows_of(RowKind kind) const { return num_rows[static_cast<int>(kind)]; }
};

inline constexpr int64_t kFewRows = 8;

struct Worker {
  RunState& run;
  Gang& gang;
  int thread = 0;
  int num_threads = 1;
  std::byte* local = nullptr;  // for values with a local_offset
  float* attention_scratch = nullptr;
  std::byte* matmul_scratch = nullptr;
  float* term_scratch = nullptr;  // TermScratchFloats
  bool use_local = false;

  const Program& program() const { return *run.program; }
  // This thread's part of n things that lie side by side.
  int64_t ShareBegin(int64_t n) const { return n * thread / num_threads; }
  int64_t ShareEnd(int64_t n) const { return n * (thread + 1) / num_threads; }

  // Row `row` of a step's rows; a value of all tokens is read at the row that is wanted.
  float* Row(ValueId id, RowKind step_rows, int64_t row) const;
  // A quantized value whole, both terms.
  ActivationRows Quantized(ValueId id) const;
};

// A whole row.
void RunRowOp(const Worker& worker, const RowOp& op, RowKind step_rows, int64_t row);
// Columns [begin, end) of rows [first_row, first_row + num_rows): elementwise ops, kBias, kQuantize (begin % 32 == 0).
void RunColumnOp(const Worker& worker, const RowOp& op, RowKind step_rows, int64_t first_row, int64_t num_rows,
                 int64_t begin, int64_t end);
// A norm or a turn of one head: `from` and `to` [head_dim].
void RunHeadOp(const Worker& worker, const RowOp& op, int64_t row, const float* from, float* to, int64_t head_dim);

void RunMatMulStep(Worker& worker, const Step& step);
void RunAttentionStep(Worker& worker, const Step& step, size_t step_index);
void RunPoolStep(const Worker& worker, const Step& step);

// What a product in two terms puts aside, for so many rows at most.
int64_t TermScratchFloats(int64_t max_rows);

// Rows of one attention tile.
int64_t AttentionTileRows(const Program& program);

}  // namespace atelier
