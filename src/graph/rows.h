// Rows: all that a verb knows of a batch. Whoever makes a batch (the engine's StepBatch, a trainer, a test) fills the
// spans; Plain and Plan read them.
//
// Invariants, checked by Check:
// - token, position and sequence have T >= 1 numbers; adapter and token_type have T or none.
// - The rows of one sequence stand together, and their positions rise by 1 from row to row.
// - Sequences are numbered 0 to num_sequences - 1 in the order in which they appear. The number is the sequence's place
//   in this batch; which cache belongs to it, the caller says next to Rows (block tables, cache handles).
// - output lists rows, each in [0, T), rising. It may be empty: a prefill slice that is not the last wants no logits.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace atelier {

inline constexpr int32_t kNoAdapter = -1;

struct Rows {
  std::span<const int32_t> token;       // [T] ids in the vocabulary
  std::span<const int32_t> position;    // [T] place in the sequence, from 0
  std::span<const int32_t> sequence;    // [T] place of the row's sequence in this batch
  std::span<const int32_t> adapter;     // [T] adapter index or kNoAdapter; empty: no adapters
  std::span<const int32_t> token_type;  // [T] BERT's segments; empty: all 0
  std::span<const int32_t> output;      // [O] rows whose logits are wanted
  int32_t num_sequences = 0;            // S

  int64_t size() const { return static_cast<int64_t>(token.size()); }  // T

  // The first broken invariant, as "rows.position[7]: got 9, want 4".   COST one pass.
  Result<void> Check() const;
};

}  // namespace atelier
