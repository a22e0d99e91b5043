// From a question to the passages that may answer it: the question is embedded, both ways of searching are asked under
// one commit, their rankings become one, and the best chunks come with their text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/retrieve/ranker.h"
#include "knowledge/retrieve/retrieval_config.h"
#include "provider/language_model.h"

namespace atelier {

struct RetrievalRequest {
  std::string query;
  Filter filter;   // what the asker wants
  Filter visible;  // what the asker may know of
  int32_t top_k = 10;
};

struct Retrieved {
  std::vector<Passage> passages;    // best first
  std::vector<float> query_vector;  // empty: the search was by words alone
  std::string rerank_skipped;       // why the passages were not reranked as configured; empty: they were
};

class Retriever {
 public:
  // All must outlive it. Without `tools.embedder` it searches by words alone; `tools.embedding_model` is filled in.
  Retriever(const Corpus& corpus, Pool& pool, RetrievalConfig config, RankerTools tools)
      : corpus_(corpus), pool_(pool), config_(std::move(config)), tools_(std::move(tools)) {
    tools_.embedding_model = corpus.embedder();
  }

  // Errors: the embedder's and the corpus's; kInvalid for an unknown method of reranking.
  Task<Result<Retrieved>> Retrieve(Call call, RetrievalRequest request) const;

 private:
  Task<Result<std::vector<float>>> QueryVector(Call call, std::string query) const;

  const Corpus& corpus_;
  Pool& pool_;
  const RetrievalConfig config_;
  RankerTools tools_;
};

}  // namespace atelier
