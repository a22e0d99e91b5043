#include "engine/sample/sampler.h"

#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "engine/sample/candidates.h"
#include "engine/sample/portable_math.h"
#include "engine/sample/stage.h"

namespace atelier {
namespace {

// The chain's order. docs/sampling.md compares it with llama.cpp's and vLLM's.
constexpr MakeLogitStage* kLogitStages[] = {MakeLogitBias,     MakePenalties, MakeDry,
                                            MakeAllowedTokens, MakeBadWords,  MakeMinTokens};
constexpr MakeCandidateStage* kTruncatingStages[] = {MakeTopNSigma, MakeTopK, MakeTypical, MakeTopP, MakeMinP, MakeXtc};

// Two independent uniform numbers for a position: 53 bits for the draw, 32 for a stage.
struct Uniforms {
  double draw;
  double stage;
};

Uniforms UniformsAt(uint64_t seed, int32_t choice, uint64_t position) {
  const auto words = Philox(seed, static_cast<uint64_t>(choice), position);
  const uint64_t wide = (static_cast<uint64_t>(words[0]) << 32) | words[1];
  return {static_cast<double>(wide >> 11) * 0x1p-53, static_cast<double>(words[2]) * 0x1p-32};
}

}  // namespace

class SamplerChain {
 public:
  SamplerChain(const SamplingParams& params, const SamplerContext& context)
      : seed_(params.seed), choice_(context.choice), temperature_(params.temperature) {
    for (MakeLogitStage* make : kLogitStages) {
      if (auto stage = make(params, context)) logit_stages_.push_back(std::move(stage));
    }
    if (params.greedy()) return;
    if (auto mirostat = MakeMirostat(params)) {
      candidate_stages_.push_back(std::move(mirostat));
      return;
    }
    for (MakeCandidateStage* make : kTruncatingStages) {
      if (auto stage = make(params)) candidate_stages_.push_back(std::move(stage));
    }
  }

  int32_t Pick(std::span<float> logits, std::span<const int32_t> tokens) {
    for (const auto& stage : logit_stages_) stage->Apply(logits, tokens);
    if (temperature_ == 0.0F) return ArgMax(logits);
    candidates_.Reset(logits, 1.0F / temperature_);
    if (!std::isfinite(candidates_.max())) return ArgMax(logits);  // nothing is allowed, or the model broke
    const Uniforms u = UniformsAt(seed_, choice_, tokens.size());
    for (const auto& stage : candidate_stages_) stage->Apply(candidates_, u.stage);
    const int32_t token = candidates_.Draw(u.draw);
    for (const auto& stage : candidate_stages_) stage->Chosen(candidates_, token);
    return token;
  }

 private:
  const uint64_t seed_;
  const int32_t choice_;
  const float temperature_;
  std::vector<std::unique_ptr<LogitStage>> logit_stages_;
  std::vector<std::unique_ptr<CandidateStage>> candidate_stages_;
  Candidates candidates_;
};

Sampler::Sampler(const SamplingParams& params, const SamplerContext& context)
    : chain_(std::make_unique<SamplerChain>(params, context)) {}
Sampler::~Sampler() = default;
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;

int32_t Sampler::Pick(std::span<float> logits, std::span<const int32_t> tokens) { return chain_->Pick(logits, tokens); }

}  // namespace atelier
