// The two kinds of links in a sampler's chain. Each sampler is one file that defines one Make function, which gives
// null where the parameters leave it off; sampler.cc lists them in order (docs/sampling.md says why this order).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/sample/candidates.h"
#include "engine/sample/sampler.h"

namespace atelier {

// Works on the logits of the whole vocabulary, in place.
class LogitStage {
 public:
  virtual ~LogitStage() = default;
  // tokens: prompt and output so far. Between two calls they only grow.
  virtual void Apply(std::span<float> logits, std::span<const int32_t> tokens) = 0;
};

// Takes candidates away. At least one stays.
class CandidateStage {
 public:
  virtual ~CandidateStage() = default;
  // u: uniform in [0, 1), this position's own; not the one the draw uses.
  virtual void Apply(Candidates& candidates, double u) = 0;
  // Called with what was drawn from what this and later stages left.
  virtual void Chosen(Candidates& /*candidates*/, int32_t /*token*/) {}
};

using MakeLogitStage = std::unique_ptr<LogitStage>(const SamplingParams& params, const SamplerContext& context);
using MakeCandidateStage = std::unique_ptr<CandidateStage>(const SamplingParams& params);

MakeLogitStage MakeLogitBias;
MakeLogitStage MakeAllowedTokens;
MakeLogitStage MakePenalties;
MakeLogitStage MakeDry;
MakeLogitStage MakeBadWords;
MakeLogitStage MakeMinTokens;

MakeCandidateStage MakeTopNSigma;
MakeCandidateStage MakeTopK;
MakeCandidateStage MakeTypical;
MakeCandidateStage MakeTopP;
MakeCandidateStage MakeMinP;
MakeCandidateStage MakeXtc;
MakeCandidateStage MakeMirostat;

}  // namespace atelier
