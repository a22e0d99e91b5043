// Contextual: a model reads the document and says of each chunk what it is about there; that is embedded and indexed
// before the chunk's own text. The document comes first in every prompt, so that the prefix cache reads it once for all
// chunks. Of a document that is over the model's context, the part around the chunk stands for it, the same part for
// neighbours.
#include <algorithm>

#include "knowledge/chunk/asking.h"
#include "knowledge/chunk/measure.h"

namespace atelier {
namespace {

constexpr int64_t kDefaultContextTokens = 40;   // about what the preface holds
constexpr size_t kMaxContextBytesPerToken = 8;  // whatever a model counts as a token

std::string PromptOf(std::string_view section, std::string_view chunk) {
  return "<document>\n" + std::string(section) + "\n</document>\n\nHere is a passage of this document:\n<passage>\n" +
         std::string(chunk) +
         "\n</passage>\n\nSay in one short sentence what this passage is about within the document, so that it can be "
         "found by a search. Name what it speaks of. Answer with that sentence alone.";
}

// The part of the document that stands for it at `chunk`: all of it, or one of the parts of equal length that overlap
// by half, so that the same is said before many chunks.
TextSpan SectionOf(const Measure& measure, TextSpan chunk, int64_t max_bytes) {
  const auto size = static_cast<int64_t>(measure.text().size());
  if (size <= max_bytes) return {0, size};
  const int64_t step = std::max<int64_t>(1, max_bytes / 2);
  const int64_t begin =
      std::min(std::max<int64_t>(0, size - max_bytes), std::max<int64_t>(0, chunk.begin / step) * step);
  const int64_t end = std::max(chunk.end, std::min(size, begin + max_bytes));
  return {measure.BorderBefore(std::min(begin, chunk.begin)), measure.BorderBefore(end)};
}

// What is asked together from `begin` on: the first chunk of a section alone, so that the prefix cache has the section
// when all others of it are asked.
size_t EndOfTurn(const std::vector<TextSpan>& sections, size_t begin) {
  const bool is_first = begin == 0 || sections[begin] != sections[begin - 1];
  size_t end = begin + 1;
  while (!is_first && end < sections.size() && sections[end] == sections[begin]) ++end;
  return end;
}

Task<Result<Chunking>> SplitWithContext(Call call, ChunkInput input) {
  CO_TRY(Chunking chunking, ChunksToAskAbout(input, "contextual"));
  const int64_t tokens = input.options.context_tokens.value_or(kDefaultContextTokens);
  CO_TRY(const int64_t prompt_bytes, co_await PromptBytes(call, input.tools, tokens));
  const Measure measure(input.document.text, ChunkUnit::kBytes, nullptr);
  std::vector<TextSpan> sections;
  for (const Chunk& chunk : chunking.chunks) {
    // The chunk stands in the prompt twice.
    const int64_t room = prompt_bytes - chunk.span.size();
    sections.push_back(SectionOf(measure, chunk.span, std::max(chunk.span.size(), room)));
  }
  const size_t most = static_cast<size_t>(tokens) * kMaxContextBytesPerToken;
  for (size_t begin = 0; begin < sections.size();) {
    const size_t end = EndOfTurn(sections, begin);
    std::vector<Asked> asked;
    for (size_t i = begin; i < end; ++i) {
      const std::string_view chunk = TextOf(input.document.text, chunking.chunks[i].span);
      asked.push_back({"", PromptOf(TextOf(input.document.text, sections[i]), chunk), tokens});
    }
    auto asking = AskAll(call, input, std::move(asked), chunking);
    CO_TRY(const std::vector<std::string> said, co_await asking);
    for (size_t i = begin; i < end; ++i) {
      chunking.chunks[i].context = CutToBytes(WhitespaceTidied(said[i - begin]), most);
    }
    begin = end;
  }
  co_return chunking;
}

constexpr std::string_view kKeys[] = {"base", "context_tokens", "overlap_sentences", "separators"};

}  // namespace

extern const ChunkerEntry chunker_contextual{
    "contextual", "a model says before each chunk what it is about", kKeys, 0, nullptr, SplitWithContext};

}  // namespace atelier
