// Penalties of tokens that occurred, over the last penalty_last_n tokens:
//   repetition r: a positive logit is divided by r, any other multiplied, for tokens of prompt and output
//   [arXiv:1909.05858] presence, frequency: logit -= presence + frequency * count, for tokens of the output   [OpenAI
//   API reference]
#include <algorithm>
#include <unordered_map>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

class Penalties final : public LogitStage {
 public:
  Penalties(const SamplingParams& params, size_t prompt_size)
      : repetition_(params.repetition_penalty),
        presence_(params.presence_penalty),
        frequency_(params.frequency_penalty),
        last_n_(params.penalty_last_n),
        prompt_size_(prompt_size) {}

  void Apply(std::span<float> logits, std::span<const int32_t> tokens) override {
    Slide(tokens);
    // Each token's logit changes once and alone, so the order of the table does not show.
    for (const auto& [token, count] : counts_) {
      float& logit = logits[token];
      if (repetition_ != 1.0F) logit = logit > 0 ? logit / repetition_ : logit * repetition_;
      if (count.output > 0) logit -= presence_ + frequency_ * static_cast<float>(count.output);
    }
  }

 private:
  struct Count {
    int32_t all = 0;
    int32_t output = 0;
  };

  // Brings the counts from the window of the last call to the window that ends with `tokens`.
  void Slide(std::span<const int32_t> tokens) {
    for (; end_ < tokens.size(); ++end_) {
      Count& count = counts_[tokens[end_]];
      ++count.all;
      if (end_ >= prompt_size_) ++count.output;
    }
    if (last_n_ < 0) return;
    for (; end_ - begin_ > static_cast<size_t>(last_n_); ++begin_) {
      const auto it = counts_.find(tokens[begin_]);
      if (begin_ >= prompt_size_) --it->second.output;
      if (--it->second.all == 0) counts_.erase(it);
    }
  }

  const float repetition_;
  const float presence_;
  const float frequency_;
  const int32_t last_n_;
  const size_t prompt_size_;
  std::unordered_map<int32_t, Count> counts_;  // of tokens[begin_, end_)
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace

std::unique_ptr<LogitStage> MakePenalties(const SamplingParams& params, const SamplerContext& context) {
  const bool off =
      params.repetition_penalty == 1.0F && params.presence_penalty == 0.0F && params.frequency_penalty == 0.0F;
  if (off || params.penalty_last_n == 0) return nullptr;
  return std::make_unique<Penalties>(params, static_cast<size_t>(context.prompt_size));
}

}  // namespace atelier
