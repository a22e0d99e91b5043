// DRY ("don't repeat yourself"): a token that would lengthen a repetition of the text's end is made less likely, the
// more the longer the repetition: where the last n tokens stood before, followed by t, and n >= allowed_length,
//   logit[t] -= multiplier * base^(n - allowed_length)        with the longest such n
// Repetitions do not reach across breakers.    [github.com/oobabooga/text-generation-webui, pull request 5677]
#include <algorithm>
#include <limits>
#include <unordered_map>
#include <vector>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

constexpr float kMaxPenalty = 1e30F;  // keeps logits finite

float Power(float base, int64_t exponent) {
  float power = 1.0F;
  for (; exponent > 0 && power < kMaxPenalty && base != 1.0F; --exponent) power *= base;
  return power;
}

class Dry final : public LogitStage {
 public:
  Dry(const SamplingParams& params, const SamplerContext& context)
      : multiplier_(params.dry_multiplier),
        base_(params.dry_base),
        allowed_length_(params.dry_allowed_length),
        last_n_(params.dry_last_n),
        breakers_(context.dry_breaker_ids) {}

  void Apply(std::span<float> logits, std::span<const int32_t> tokens) override {
    if (last_n_ >= 0) tokens = tokens.last(std::min(tokens.size(), static_cast<size_t>(last_n_)));
    const int64_t limit = UnbrokenEnd(tokens);
    if (limit < std::max<int64_t>(allowed_length_, 1)) return;
    MatchEnds(tokens, limit);
    longest_.clear();
    for (size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (matches_[i] < std::max<int64_t>(allowed_length_, 1)) continue;
      int64_t& longest = longest_[tokens[i + 1]];
      longest = std::max(longest, matches_[i]);
    }
    for (const auto& [token, length] : longest_) {
      if (std::ranges::binary_search(breakers_, token)) continue;
      logits[token] -= std::min(kMaxPenalty, multiplier_ * Power(base_, length - allowed_length_));
    }
  }

 private:
  // How many tokens at the end are no breakers.
  int64_t UnbrokenEnd(std::span<const int32_t> tokens) const {
    int64_t count = 0;
    while (count < static_cast<int64_t>(tokens.size()) &&
           !std::ranges::binary_search(breakers_, tokens[tokens.size() - 1 - static_cast<size_t>(count)])) {
      ++count;
    }
    return count;
  }

  // matches_[i]: how many tokens that end with tokens[i] equal those that end the text, at most limit. This is the Z
  // function of the reversed text, linear in its length.
  void MatchEnds(std::span<const int32_t> tokens, int64_t limit) {
    const auto n = static_cast<int64_t>(tokens.size());
    matches_.assign(tokens.size(), 0);
    const auto at = [&](int64_t i) { return tokens[static_cast<size_t>(n - 1 - i)]; };
    const auto match = [&](int64_t i) -> int64_t& { return matches_[static_cast<size_t>(n - 1 - i)]; };
    for (int64_t i = 1, left = 0, right = 0; i < n; ++i) {
      int64_t length = i < right ? std::min(right - i, match(i - left)) : 0;
      while (i + length < n && at(length) == at(i + length)) ++length;
      match(i) = length;
      if (i + length > right) {
        left = i;
        right = i + length;
      }
    }
    for (int64_t& length : matches_) length = std::min(length, limit);
  }

  const float multiplier_;
  const float base_;
  const int64_t allowed_length_;
  const int32_t last_n_;
  const std::vector<int32_t> breakers_;
  std::vector<int64_t> matches_;
  std::unordered_map<int32_t, int64_t> longest_;
};

}  // namespace

std::unique_ptr<LogitStage> MakeDry(const SamplingParams& params, const SamplerContext& context) {
  if (params.dry_multiplier == 0.0F || params.dry_last_n == 0) return nullptr;
  return std::make_unique<Dry>(params, context);
}

}  // namespace atelier
