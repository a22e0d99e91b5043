// What was found is read with the sentences around it.
#include <algorithm>
#include <utility>

#include "base/text/sentences.h"
#include "knowledge/stage/stage.h"
#include "knowledge/stage/widen.h"

namespace atelier {
namespace {

constexpr int64_t kReachPerSentence = 400;  // bytes; longer sentences are not read whole

TextSpan WithSentences(std::string_view text, TextSpan found, size_t count) {
  std::vector<TextSpan> sentences;
  for (const std::string_view sentence : SplitSentences(text)) {
    const int64_t begin = sentence.data() - text.data();
    sentences.push_back({begin, begin + static_cast<int64_t>(sentence.size())});
  }
  TextSpan window = found;
  const auto first = std::ranges::find_if(sentences, [&](TextSpan one) { return one.end > found.begin; });
  const auto last = std::ranges::find_if(sentences, [&](TextSpan one) { return one.begin >= found.end; });
  const auto before = first - sentences.begin(), after = last - sentences.begin();
  const auto from = std::max<std::ptrdiff_t>(0, before - static_cast<std::ptrdiff_t>(count));
  const auto to = std::min<std::ptrdiff_t>(std::ssize(sentences), after + static_cast<std::ptrdiff_t>(count));
  if (from < std::ssize(sentences)) window.begin = std::min(found.begin, sentences[static_cast<size_t>(from)].begin);
  if (to > 0) window.end = std::max(found.end, sentences[static_cast<size_t>(to) - 1].end);
  return window;
}

Task<Result<void>> ShowSentences(Call /*call*/, StageConfig config, StageTools tools, StageState& state) {
  const auto count = static_cast<size_t>(config.count);
  WidenedSpan window = [count](std::string_view text, TextSpan found) { return WithSentences(text, found, count); };
  auto widening = WidenOnPool(std::move(tools), kReachPerSentence * config.count, std::move(window), state);
  co_return co_await widening;
}

}  // namespace

extern const StageEntry stage_sentence_window{"sentence_window", "shows each passage with the sentences around it",
                                              StagePlace::kPassages, ShowSentences, 2};

}  // namespace atelier
