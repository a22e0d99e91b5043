// How questions are answered: `answers` of a corpus in atelier.yaml.
#pragma once

#include <cstdint>

#include "base/text/describe.h"

namespace atelier {

struct AnswerConfig {
  int32_t passages = 6;          // that are read
  int32_t most_sentences = 3;    // of an extractive answer
  double refuse_below = 0.02;    // confidence; docs/knowledge.md has how it was chosen
  double leave_out_below = 0.5;  // sentences after the first, as a share of the first's relevance
  bool first_sentence = false;   // quote the best passage's first sentence, whatever it says: what is to be beaten
  static Fields Describe();
};

}  // namespace atelier
