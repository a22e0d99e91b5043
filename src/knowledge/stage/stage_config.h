// One entry of `retrieval.stages` in atelier.yaml.
#pragma once

#include <cstdint>
#include <string>

#include "base/text/describe.h"

namespace atelier {

struct StageConfig {
  std::string stage;            // its name
  std::string model;            // that it asks; empty: the default chat model
  int32_t count = 3;            // questions added, at most; passages graded; sentences on each side; turns joined
  double weight = 0.5;          // of a question that it adds, beside the asked one's 1
  double grade_at_least = 0.5;  // corrective: a passage that is likelier to help than this is enough
  int32_t limit = 3000;         // parent: bytes of the section that is read
  int64_t answer_tokens = 120;  // that the model may write
  int32_t budget_ms = 20'000;   // when it is over, the search goes on without the stage
  static Fields Describe();
};

}  // namespace atelier
