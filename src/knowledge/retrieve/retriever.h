// From a question to the passages that may answer it: stages may make several questions of it; each is embedded, both
// ways of searching are asked under one commit, their rankings become one, and the best chunks come with their text,
// reranked and seen by further stages where the configuration says so.
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
#include "knowledge/stage/stage.h"
#include "provider/language_model.h"

namespace atelier {

struct RetrievalRequest {
  std::string query;
  Filter filter;   // what the asker wants
  Filter visible;  // what the asker may know of
  int32_t top_k = 10;
  std::vector<HistoryTurn> history = {};  // of the conversation that the query ends
};

struct Retrieved {
  std::vector<Passage> passages;     // best first
  std::vector<float> query_vector;   // of `question`; empty: the search was by words alone
  std::string question;              // that was searched: the query, or what a stage made of it
  double said = 0;                   // of its terms, the share that stands in what words found best
  std::vector<SubQuery> queries;     // all that were searched; the first is `question`
  std::vector<std::string> skipped;  // "hyde: why", "rerank: why": what was configured and not done
  Usage usage;                       // of the models that stages asked
};

class Retriever {
 public:
  // All must outlive it. Without `tools.embedder` it searches by words alone; what `tools` says of
  // the corpus is filled in.
  Retriever(const Corpus& corpus, Pool& pool, RetrievalConfig config, RankerTools tools)
      : corpus_(corpus), pool_(pool), config_(std::move(config)), tools_(std::move(tools)) {
    tools_.embedding_model = corpus.embedder(), tools_.language = corpus.language();
    tools_.corpus = &corpus, tools_.pool = &pool;
  }

  // Errors: the embedder's and the corpus's; kInvalid for an unknown method of reranking.
  Task<Result<Retrieved>> Retrieve(Call call, RetrievalRequest request) const;

 private:
  struct Searched {
    std::vector<Passage> passages;
    std::vector<float> first_vector;  // of the first query
    double said = 0;                  // of Retrieved
  };
  // The vectors of queries: empty where one is not searched by likeness.
  Task<Result<std::vector<std::vector<float>>>> QueryVectors(Call call, const std::vector<SubQuery>& queries) const;
  Task<Result<Searched>> Search(Call call, std::vector<SubQuery> queries, Filter filter, Filter visible,
                                int32_t num_wanted) const;
  static Task<Result<std::vector<Passage>>> SearchAgain(const Retriever& retriever, Call call,
                                                        std::vector<SubQuery> queries, Filter filter, Filter visible,
                                                        int32_t num_wanted);
  StageTools ToolsOf(const RetrievalRequest& request, int32_t num_wanted) const;

  const Corpus& corpus_;
  Pool& pool_;
  const RetrievalConfig config_;
  RankerTools tools_;
};

}  // namespace atelier
