// Where values lie: one arena in which values that are alive at the same time do not overlap.
#pragma once

#include <cstdint>

#include "engine/plan/step.h"

namespace atelier {

// Up to so many rows each thread makes the inputs of its matrix products itself, in memory of its own: two norms cost
// less than a barrier. (A norm and quantisation of 576 numbers take 0.2 µs, a barrier 0.3.)
inline constexpr int64_t kLocalRows = 4;

// Rows of each kind that a run may have.
struct RowLimits {
  int64_t tokens = 0;
  int64_t outputs = 0;
  int64_t sequences = 0;

  int64_t Of(RowKind kind) const {
    return kind == RowKind::kTokens ? tokens : kind == RowKind::kOutputs ? outputs : sequences;
  }
};

struct Placement {
  int64_t arena_bytes = 0;
  int64_t local_bytes = 0;  // of each thread
};

// Sets offset, local_offset and before_is_local. Everything is a multiple of 64.
Placement Place(Program& program, const RowLimits& limits);

}  // namespace atelier
