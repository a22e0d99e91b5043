// Logit bias: adds to the logits of given tokens.                                [OpenAI API reference, "logit_bias"]
#include <utility>
#include <vector>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

class LogitBias final : public LogitStage {
 public:
  explicit LogitBias(std::vector<std::pair<int32_t, float>> bias) : bias_(std::move(bias)) {}
  void Apply(std::span<float> logits, std::span<const int32_t> /*tokens*/) override {
    for (const auto& [token, bias] : bias_) logits[token] += bias;
  }

 private:
  const std::vector<std::pair<int32_t, float>> bias_;
};

}  // namespace

std::unique_ptr<LogitStage> MakeLogitBias(const SamplingParams& params, const SamplerContext& /*context*/) {
  if (params.logit_bias.empty()) return nullptr;
  return std::make_unique<LogitBias>(params.logit_bias);
}

}  // namespace atelier
