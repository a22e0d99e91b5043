// How well a corpus is searched, on a judged set.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task/call.h"
#include "base/task/task.h"
#include "eval/judged_set.h"
#include "knowledge/preparation.h"
#include "knowledge/retrieve/retriever.h"

namespace atelier {

// Puts the set's documents that the corpus does not have yet, each a source of its own. Returns how many tokens a chat
// model read and wrote to cut them.
Task<Result<int64_t>> IndexJudgedSet(Call call, const JudgedSet& set, Corpus& corpus, PreparationConfig config,
                                     PreparationTools tools, std::function<void(size_t num_done)> on_progress);

struct RetrievalScores {
  std::vector<double> ndcg_at_10, recall_at_100, reciprocal_rank_at_10;  // by query, in the set's order
  std::vector<double> milliseconds;                                      // of each search, its embedding included
  std::vector<double> tokens;                                            // of chat models, read and written
  size_t num_skipped = 0;                                                // searches that left out a stage
};

// Asks every query. A document's rank is that of its best chunk; a document that has the query's own id is left out, as
// BEIR does.
Task<Result<RetrievalScores>> ScoreRetrieval(Call call, const JudgedSet& set, const Retriever& retriever);

// What both ways of searching found for each query, a JSON line each, for experiments with how they become one
// (tools/fit_fusion.py): {"relevant": {document: grade}, "found": [[document, BM25 or null, similarity or null], ...]}.
Task<Result<std::string>> LegsOf(Call call, const JudgedSet& set, const Retriever& retriever);

}  // namespace atelier
