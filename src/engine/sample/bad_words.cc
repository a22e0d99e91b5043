// Bad words: the last token of a forbidden sequence has no chance where the tokens before it stand at the end of the
// text.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

class BadWords final : public LogitStage {
 public:
  explicit BadWords(std::vector<std::vector<int32_t>> words) : words_(std::move(words)) {}
  void Apply(std::span<float> logits, std::span<const int32_t> tokens) override {
    for (const std::vector<int32_t>& word : words_) {
      const auto begin = std::span(word).first(word.size() - 1);
      if (begin.size() > tokens.size() || !std::ranges::equal(begin, tokens.last(begin.size()))) continue;
      logits[word.back()] = -std::numeric_limits<float>::infinity();
    }
  }

 private:
  const std::vector<std::vector<int32_t>> words_;
};

}  // namespace

std::unique_ptr<LogitStage> MakeBadWords(const SamplingParams& params, const SamplerContext& /*context*/) {
  if (params.bad_words.empty()) return nullptr;
  return std::make_unique<BadWords>(params.bad_words);
}

}  // namespace atelier
