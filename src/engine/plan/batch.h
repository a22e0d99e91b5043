// From Rows to what the threads of a run share.
#pragma once

#include "base/result.h"
#include "engine/plan/plan.h"
#include "engine/plan/worker.h"

namespace atelier {

// Errors as Plan::Run lists them.
Result<void> CheckBatch(const Program& program, const PlanOptions& options, int64_t block_bytes, const Rows& rows,
                        const CacheView& cache);

// Fills the row counts, sequences and tiles of `run`. REQUIRES: CheckBatch passed.
void LayOutBatch(const Rows& rows, int64_t tile_rows, RunState& run);

// This worker's rows of the angles of every rope.
void MakeAngles(const Worker& worker);

// Floats of angles a row takes, over all ropes.
int64_t AngleFloats(const Program& program);

}  // namespace atelier
