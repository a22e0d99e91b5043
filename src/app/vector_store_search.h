// Vector stores searched as one: each question in each store, the best of all together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "knowledge/corpus/corpus.h"

namespace atelier {

// OpenAI's name of a ranker that stays what it is: here the learned one that is built in.
inline constexpr std::string_view kDefaultRanker = "default-2024-11-15";

struct VectorStoreSearch {
  std::vector<std::string> store_ids;  // of vector stores; else names of corpora
  std::vector<std::string> queries;
  Filter filter;  // what the asker wants
  int32_t max_results = 10;
  double score_threshold = 0;
  // How the best are judged again: "auto", as the corpus is configured; "none", not at all; kDefaultRanker; the name of
  // a method (knowledge/retrieve/ranker.h).
  std::string ranker = "auto";
  std::optional<double> vector_weight;  // of likeness in [0, 1], words have the rest; none: as the corpus has it
};

// A chunk, once however many questions found it, with its best score.
struct VectorStoreHit {
  std::string file_id, filename;
  Passage passage;
};

// kInvalid names those that `ranker` may be.
Result<void> CheckRankerName(std::string_view ranker);

// Best first, of what the call's principal may see. Errors: kNotFound, kConflict of a store that has expired; the
// embedder's.
Task<Result<std::vector<VectorStoreHit>>> SearchVectorStores(App& app, Call call, VectorStoreSearch search);

// What a store or a corpus of that name is searched in, whoever asks. Blocks.
Result<std::shared_ptr<struct OpenedCorpus>> OpenSearched(App& app, const std::string& id);

}  // namespace atelier
