// Allowed tokens: every other token has no chance.                                 [vLLM, "allowed_token_ids"]
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

class AllowedTokens final : public LogitStage {
 public:
  explicit AllowedTokens(std::vector<int32_t> allowed) : allowed_(std::move(allowed)), kept_(allowed_.size()) {}
  void Apply(std::span<float> logits, std::span<const int32_t> /*tokens*/) override {
    for (size_t i = 0; i < allowed_.size(); ++i) kept_[i] = logits[allowed_[i]];
    std::ranges::fill(logits, -std::numeric_limits<float>::infinity());
    for (size_t i = 0; i < allowed_.size(); ++i) logits[allowed_[i]] = kept_[i];
  }

 private:
  const std::vector<int32_t> allowed_;
  std::vector<float> kept_;
};

}  // namespace

std::unique_ptr<LogitStage> MakeAllowedTokens(const SamplingParams& params, const SamplerContext& /*context*/) {
  if (params.allowed_token_ids.empty()) return nullptr;
  return std::make_unique<AllowedTokens>(params.allowed_token_ids);
}

}  // namespace atelier
