// Brings one index to hold what another holds, with other vectors: how an embedder is changed while the old vectors are
// searched. The new index stands in a folder of its own; when nothing differs any more, whoever owns the folders says
// which one counts. It can be stopped at any time and goes on where it was.
#pragma once

#include <cstdint>

#include "knowledge/index/hybrid_index.h"

namespace atelier {

// What brings `target` nearer to `source`: all that is to be removed, and at most `max_records` to be put, without
// vectors.
struct CopyStep {
  IndexBatch batch;
  int64_t num_left = 0;  // still to be put after it
};
Result<CopyStep> NextCopyStep(const HybridIndex& source, const HybridIndex& target, int64_t max_records);

}  // namespace atelier
