// How a corpus is searched: `retrieval` of a corpus in atelier.yaml.
#pragma once

#include <string>
#include <vector>

#include "base/text/describe.h"
#include "knowledge/stage/stage_config.h"

namespace atelier {

struct FusionConfig {
  std::string method = "convex";
  double vector_weight = 0.5;  // words have the rest
  // convex: where what words found best says a share s of the question's terms, the vectors' weight is less by this
  // times s * s. 0: weights are the same for all questions.
  double quoted = 1;
  double rank_constant = 60;  // k of reciprocal_rank
  static Fields Describe();
};

struct RerankConfig {
  std::string method = {};   // of ranker.h; empty: none
  std::string model = {};    // that judges, where the method wants one
  int32_t candidates = 30;   // of the search, that are judged
  int32_t budget_ms = 2000;  // when it is over, the search's order stays
  double lambda = 0.7;       // mmr: relevance against being new
  static Fields Describe();
};

struct RetrievalConfig {
  bool words = true;         // search by words
  bool vectors = true;       // by likeness, where the corpus has vectors
  int32_t candidates = 100;  // of each way, that fusion sees
  FusionConfig fusion;
  RerankConfig rerank;
  std::vector<StageConfig> stages;  // in this order
  static Fields Describe();
};

}  // namespace atelier
