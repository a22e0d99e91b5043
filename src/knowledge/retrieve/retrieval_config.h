// How a corpus is searched: `retrieval` of a corpus in atelier.yaml.
#pragma once

#include <string>

#include "base/text/describe.h"

namespace atelier {

struct FusionConfig {
  std::string method = "convex";
  double vector_weight = 0.5;  // of relative_score and convex; words have the rest
  double rank_constant = 60;   // k of reciprocal_rank
  static Fields Describe();
};

struct RetrievalConfig {
  bool words = true;         // search by words
  bool vectors = true;       // by likeness, where the corpus has vectors
  int32_t candidates = 100;  // of each way, that fusion sees
  FusionConfig fusion;
  static Fields Describe();
};

}  // namespace atelier
