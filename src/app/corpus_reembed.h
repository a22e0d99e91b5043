// A corpus's vectors made anew by another embedder, beside the ones that are searched meanwhile.
//
// The new index stands in a folder of its own below the corpus's (corpus_library.h). It is brought up to what the old
// one holds, as often as that has been written to meanwhile; then writers are kept out, the last differences are
// brought over, and corpus.json names the new one. Stopped at any time, the same call goes on where it was.
#pragma once

#include <string>

#include "app/app.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "knowledge/reembedding.h"

namespace atelier {

struct ReembedReport {
  std::string embedder;
  int64_t num_records = 0;  // put in this run
  int64_t num_kept = 0;     // that an earlier run had left
};

// `embedder`: a model's name, or "none". Errors: kConflict where the corpus has that embedder, where it is being
// changed, and at the end where another process writes it (what was made is kept); kCancelled.
Task<Result<ReembedReport>> ReembedCorpus(Call call, App& app, std::string name, std::string embedder,
                                          std::function<void(const ReembedProgress&)> on_progress);

}  // namespace atelier
