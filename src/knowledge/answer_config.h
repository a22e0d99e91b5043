// How questions are answered: `answers` of a corpus in atelier.yaml.
#pragma once

#include <cstdint>
#include <string>

#include "base/text/describe.h"

namespace atelier {

struct AnswerConfig {
  // "extractive": sentences are quoted; "abstractive": a model writes, and what the sources don't support is left out;
  // "auto": by the model.
  std::string mode = "auto";
  int32_t passages = 6;           // that are read
  std::string model;              // that writes; empty: the default chat model
  int64_t context_tokens = 1500;  // of its prompt, passages and all
  bool whole = true;              // abstractive: where all documents fit, all are read, instead of what was found
  int64_t answer_tokens = 300;    // that it may write
  double support_at_least = 0.7;  // of a claim that is kept; docs/knowledge.md has why
  int32_t most_sentences = 3;     // of an extractive answer
  double refuse_below = 0.02;     // nearness of the likeliest sentence; 0: never refuses (docs/knowledge.md)
  double leave_out_below = 0.5;   // sentences after the first, as a share of the first's relevance
  bool first_sentence = false;    // quote the best passage's first sentence, whatever it says: what is to be beaten
  static Fields Describe();
};

}  // namespace atelier
