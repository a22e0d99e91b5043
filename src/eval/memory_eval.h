// How well a memory finds the turns that answer questions about long conversations, beside hybrid search over the same
// turns. Nobody judges: a question's evidence is named by the set.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/memory/memory.h"
#include "base/io/files.h"
#include "eval/memory_set.h"
#include "knowledge/preparation.h"
#include "knowledge/retrieve/retriever.h"

namespace atelier {

// What both are made with.
struct MemoryEvalTools {
  Files& files;
  std::string folder;    // for stores, which are removed; it need not exist
  std::string embedder;  // empty: words alone
  int32_t dimensions = 0;
  PreparationConfig preparation;  // of the corpus that is compared with
  PreparationTools preparing;
  RankerTools ranking;
  Pool& pool;
};

// A way of recalling that is measured.
struct MemoryWay {
  std::string name;
  RecallWeights weights;
};

// What came of one question.
struct MemoryAnswered {
  const MemoryQuestion* question = nullptr;
  std::vector<std::vector<std::string>> found =
      {};                                     // [way] references, best first: of search over raw turns, then of each
  std::vector<RecalledTurn> candidates = {};  // of the first way, where they are wanted
};

struct MemoryEvalOptions {
  std::vector<MemoryWay> ways;
  bool keep_candidates = false;
  std::function<void(size_t num_done, size_t num_samples)> on_progress = {};
};

// Asks every question of every sample, in the set's order. `set` outlives what it gives.
Task<Result<std::vector<MemoryAnswered>>> AskMemory(Call call, const MemorySet& set, MemoryEvalTools tools,
                                                    MemoryEvalOptions options);

// The share of the question's evidence among the first k.
double EvidenceRecall(const MemoryAnswered& answered, size_t way, size_t k);

}  // namespace atelier
