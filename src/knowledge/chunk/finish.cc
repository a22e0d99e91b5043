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

}  // namespace atelier
