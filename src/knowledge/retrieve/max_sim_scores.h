// Late interaction: each token of the question finds its nearest token of the passage, and the cosines are averaged.
//   [ColBERT, Khattab, Zaharia 2020; here over an embedder that was not trained for it]
#pragma once

#include <vector>

#include "knowledge/retrieve/ranker.h"

namespace atelier {

// For each passage, in [-1, 1].   Errors: kUnsupported without an embedder; the embedder's.
// COST: embeds every passage, some 10 ms each.
Task<Result<std::vector<double>>> MaxSimScores(Call call, RankRequest request);

}  // namespace atelier
