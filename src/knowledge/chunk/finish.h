// What every method ends with: parts of a text become chunks that know their pages and headings.
#pragma once

#include <string_view>
#include <vector>

#include "knowledge/chunk/chunker.h"
#include "knowledge/chunk/outline.h"

namespace atelier {

// Empty parts are left out; what is shown is the part itself.
Chunking ChunksOf(const ChunkInput& input, const std::vector<TextSpan>& parts, const std::vector<TextMark>& marks);
inline Chunking ChunksOf(const ChunkInput& input, const std::vector<TextSpan>& parts) {
  return ChunksOf(input, parts, MarksOf(input.document));
}

// The options of the method that cuts for another one: `base`, or `otherwise`, with the keys of both and what limits
// say.
ChunkOptions BaseOptions(const ChunkInput& input, std::string_view otherwise);

}  // namespace atelier
