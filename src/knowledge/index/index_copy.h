// Brings one index to hold what another holds, with other vectors: how an embedder is changed while the old vectors are
// searched. The new index stands in a folder of its own; when nothing differs any more, whoever owns the folders says
// which one counts. It can be stopped at any time and goes on where it was.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "knowledge/index/hybrid_index.h"

namespace atelier {

struct IndexDifferences {
  int64_t num_to_put = 0, num_to_remove = 0;
  bool none() const { return num_to_put == 0 && num_to_remove == 0; }
};

// What brings `target` nearer to `source`: all that is to be removed, and at most `max_records` to be put, without
// vectors.
struct CopyStep {
  IndexBatch batch;
  int64_t num_left = 0;  // still to be put after it
};
Result<CopyStep> NextCopyStep(const HybridIndex& source, const HybridIndex& target, int64_t max_records);

// Gives the records their vectors; what has no words or is embedded by nothing keeps none.
using EmbedRecords = std::function<Result<void>(std::vector<IndexRecord>& records)>;

// Removes from `target` what `source` has not, and puts at most `max_records` of the records that differ. Returns what
// is still different then. Errors: of the indexes, and of `embed`.
Result<IndexDifferences> CopyDifferences(const HybridIndex& source, HybridIndex& target, int64_t max_records,
                                         const EmbedRecords& embed);

}  // namespace atelier
