#include "knowledge/chunk/sentence_spans.h"

#include "base/text/sentences.h"
#include "knowledge/chunk/packing.h"

namespace atelier {

std::vector<TextSpan> SentenceSpans(const Measure& measure, int64_t limit) {
  const std::string_view text = measure.text();
  std::vector<TextSpan> spans;
  for (const std::string_view sentence : SplitSentences(text)) {
    const auto begin = static_cast<int64_t>(sentence.data() - text.data());
    const TextSpan span{begin, begin + static_cast<int64_t>(sentence.size())};
    if (measure.Fits(span, limit)) {
      spans.push_back(span);
      continue;
    }
    const std::vector<TextSpan> parts = Pack(measure, span, {}, limit);
    spans.insert(spans.end(), parts.begin(), parts.end());
  }
  return spans;
}

}  // namespace atelier
