#include "knowledge/chunk/finish.h"

#include <utility>

namespace atelier {

Chunking ChunksOf(const ChunkInput& input, const std::vector<TextSpan>& parts, const std::vector<TextMark>& marks) {
  const Outline outline(input.document, marks);
  Chunking chunking;
  chunking.limits = input.limits;
  for (const TextSpan& part : parts) {
    if (part.empty()) continue;
    Chunk chunk;
    chunk.span = chunk.shown = part;
    const Outline::Pages pages = outline.PagesOf(part);
    chunk.first_page = pages.first, chunk.last_page = pages.last;
    chunk.heading_path = outline.PathOf(part);
    chunking.chunks.push_back(std::move(chunk));
  }
  return chunking;
}

ChunkOptions BaseOptions(const ChunkInput& input, std::string_view otherwise) {
  ChunkOptions options;
  options.method = input.options.base.value_or(std::string(otherwise));
  options.unit = input.limits.unit == ChunkUnit::kTokens       ? "tokens"
                 : input.limits.unit == ChunkUnit::kCharacters ? "characters"
                                                               : "bytes";
  options.limit = input.limits.limit;
  options.overlap = input.options.overlap;
  options.preface = input.options.preface;
  options.separators = input.options.separators;
  options.overlap_sentences = input.options.overlap_sentences;
  return options;
}

}  // namespace atelier
