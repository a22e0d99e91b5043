// How the next token is chosen. Every field's default leaves the model's distribution as it is.
// Order of the chain and the definition of each sampler: docs/sampling.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace atelier {

struct SamplingParams {
  float temperature = 1.0F;  // >= 0; 0 is greedy: the largest logit, the smallest id among equals
  int32_t top_k = 0;         // 0: off
  float top_p = 1.0F;        // (0, 1]; 1: off
  float min_p = 0.0F;        // [0, 1]; 0: off
  float typical_p = 1.0F;    // (0, 1]; 1: off
  float top_n_sigma = 0.0F;  // 0: off

  float xtc_probability = 0.0F;  // [0, 1]; 0: off
  float xtc_threshold = 0.1F;    // above 0.5: off

  float dry_multiplier = 0.0F;  // 0: off
  float dry_base = 1.75F;       // >= 1
  int32_t dry_allowed_length = 2;
  int32_t dry_last_n = -1;                                         // looks back so far; -1: all
  std::vector<std::string> dry_breakers = {"\n", ":", "\"", "*"};  // a token that contains one ends a match

  int32_t mirostat = 0;  // 0: off; 2: version 2, in place of every truncating sampler
  float mirostat_tau = 5.0F;
  float mirostat_eta = 0.1F;

  float repetition_penalty = 1.0F;  // > 0; of tokens in prompt or output
  float presence_penalty = 0.0F;    // [-2, 2]; of tokens in the output
  float frequency_penalty = 0.0F;   // [-2, 2]; per occurrence in the output
  int32_t penalty_last_n = -1;      // the three above look back so far; -1: all, 0: off

  std::vector<std::pair<int32_t, float>> logit_bias = {};  // token id, what is added to its logit
  std::vector<int32_t> allowed_token_ids = {};             // empty: all
  std::vector<std::vector<int32_t>> bad_words = {};        // token sequences that must not be completed

  uint64_t seed = 0;  // the caller draws one where the client gave none

  bool greedy() const { return temperature == 0.0F; }
};

// Checks ranges, and token ids against the vocabulary. The error's `where` is the field's name.
Result<void> CheckSamplingParams(const SamplingParams& params, int32_t num_tokens);

}  // namespace atelier
