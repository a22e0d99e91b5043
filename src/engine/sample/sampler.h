// A Sampler turns the logits of one position into one token, for one choice of one request.
//
// What it draws is a pure function of (logits, params, tokens so far, seed, choice, position):
// Philox(seed, choice, position) gives the only random words, sums run in a fixed order, and exp and
// log are our own, so the same call gives the same token on any machine, beside any neighbours.
// One sampler is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/sample/sampling_params.h"

namespace atelier {

// What a sampler is told once, when its sequence starts.
struct SamplerContext {
  int32_t num_tokens = 0;  // V
  int64_t prompt_size = 0;
  int32_t choice = 0;                    // which of a request's n
  int64_t min_tokens = 0;                // `ending_ids` have no chance before so many were chosen
  std::vector<int32_t> ending_ids;       // end-of-sequence and stop tokens
  std::vector<int32_t> dry_breaker_ids;  // tokens whose text contains a breaker, sorted
};

// One candidate with the logarithm of its probability under the model itself: the softmax of the raw
// logits, before penalties, bias, temperature and truncation.
struct TokenLogprob {
  int32_t token = 0;
  float logprob = 0.0F;
};

// Logprob and rank of a token that was chosen (or stood in the prompt), with the likeliest others.
struct LogprobEntry {
  TokenLogprob chosen;
  int32_t rank = 1;               // 1: the likeliest
  std::vector<TokenLogprob> top;  // likeliest first; as many as asked
};

// Logprobs of `token` and of the `num_top` likeliest.   COST one exp for each of V, one selection.
LogprobEntry Logprobs(std::span<const float> logits, int32_t token, int32_t num_top);

class SamplerChain;

class Sampler {
 public:
  // REQUIRES: CheckSamplingParams(params, context.num_tokens) was ok.
  Sampler(const SamplingParams& params, const SamplerContext& context);
  ~Sampler();
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;

  // Chooses the token that follows `tokens`. Where bans leave no token at all, it is token 0.
  //   logits  [V] f32, the model's own; overwritten.
  //   tokens  prompt and output so far; the position drawn for is tokens.size()
  // COST (V = 49,152): see docs/sampling.md.
  int32_t Pick(std::span<float> logits, std::span<const int32_t> tokens);

 private:
  std::unique_ptr<SamplerChain> chain_;
};

}  // namespace atelier
