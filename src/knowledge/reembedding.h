// The vectors of another embedder for what an index holds: chunks stay as they were cut, and each gets the vector that
// indexing its document with that embedder would give it. Nothing is loaded or cut again.
#pragma once

#include <cstdint>
#include <functional>

#include "knowledge/index/hybrid_index.h"
#include "knowledge/preparation.h"

namespace atelier {

struct ReembedProgress {
  int64_t num_done = 0;  // records, in this run
  int64_t num_left = 0;
};

// Brings `target`, an index of config.embedder, to hold what `source` holds now. What is there already is not made
// again, so it goes on where it was stopped. Returns how many records it put. Errors: of the indexes and the embedder;
// kCancelled where call.stop was requested.
Task<Result<int64_t>> ReembedDifferences(Call call, const HybridIndex& source, HybridIndex& target,
                                         PreparationConfig config, PreparationTools tools,
                                         std::function<void(const ReembedProgress&)> on_progress);

}  // namespace atelier
