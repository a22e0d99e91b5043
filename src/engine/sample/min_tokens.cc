// Min tokens: ending tokens have no chance before so many tokens were chosen.
#include <limits>
#include <utility>
#include <vector>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

class MinTokens final : public LogitStage {
 public:
  MinTokens(size_t free_from, std::vector<int32_t> ending_ids)
      : free_from_(free_from), ending_ids_(std::move(ending_ids)) {}
  void Apply(std::span<float> logits, std::span<const int32_t> tokens) override {
    if (tokens.size() >= free_from_) return;
    for (const int32_t token : ending_ids_) logits[token] = -std::numeric_limits<float>::infinity();
  }

 private:
  const size_t free_from_;
  const std::vector<int32_t> ending_ids_;
};

}  // namespace

std::unique_ptr<LogitStage> MakeMinTokens(const SamplingParams& /*params*/, const SamplerContext& context) {
  if (context.min_tokens <= 0 || context.ending_ids.empty()) return nullptr;
  return std::make_unique<MinTokens>(static_cast<size_t>(context.prompt_size + context.min_tokens), context.ending_ids);
}

}  // namespace atelier
