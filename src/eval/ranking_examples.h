// What a learned reranker learns from: the candidates of a judged set's questions, as they are when it is asked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task/call.h"
#include "base/task/task.h"
#include "eval/judged_set.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/retrieve/rank_features.h"
#include "knowledge/retrieve/ranker.h"
#include "knowledge/retrieve/retriever.h"

namespace atelier {

// A question with its candidates, in the search's order. A document may have several.
struct RankingExample {
  std::string query_id;
  Judgements judged;
  std::vector<std::string> document_ids;  // [N]
  std::vector<RankFeatures> features;     // [N]
};

// The best `candidates` of each question's search; a document with the question's own id is left out.
// `tools.embedder` null: without max_sim.   Errors: those of searching and embedding.
Task<Result<std::vector<RankingExample>>> CollectRankingExamples(Call call, const JudgedSet& set, const Corpus& corpus,
                                                                 const Retriever& retriever, int32_t candidates,
                                                                 RankerTools tools,
                                                                 std::function<void(size_t num_done)> on_progress);

// Takes figures out: 0 throughout.
void LeaveOut(const std::vector<RankFeature>& figures, std::vector<RankingExample>& examples);

// A line of JSON for each candidate: query, document, judgement and every figure.
std::string FigureLines(const std::vector<RankingExample>& examples);

}  // namespace atelier
