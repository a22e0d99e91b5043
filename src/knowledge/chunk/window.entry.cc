// Sentence window: each sentence is a chunk of its own, found by what it alone says; a model is shown the sentences
// around it too.
#include <algorithm>

#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/sentence_spans.h"

namespace atelier {
namespace {

constexpr int64_t kDefaultWindow = 3;  // sentences on each side

Result<Chunking> SplitWithWindows(const ChunkInput& input) {
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  Chunking chunking = ChunksOf(input, SentenceSpans(measure, input.limits.limit));
  const auto window = static_cast<size_t>(input.options.window.value_or(kDefaultWindow));
  std::vector<Chunk>& chunks = chunking.chunks;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const size_t first = i - std::min(i, window);
    const size_t last = std::min(chunks.size() - 1, i + window);
    chunks[i].shown = {chunks[first].span.begin, chunks[last].span.end};
  }
  return chunking;
}

constexpr std::string_view kKeys[] = {"window"};

}  // namespace

extern const ChunkerEntry chunker_window{"window", "each sentence alone, shown with those around it", kKeys, 0,
                                         SplitWithWindows};

}  // namespace atelier
