// From chunks to their vectors, as their chunking says: each from its own text, or late from the document's tokens.
#pragma once

#include <vector>

#include "knowledge/chunk/chunker.h"

namespace atelier {

// The vector of each chunk, in order. `document` and `chunking` outlive the task.
//
// Late: the document is embedded in windows as long as the embedder reads, which overlap by a quarter; in an overlap
// each window gives the tokens of its half. A chunk's vector is the mean of its tokens', of length 1; what the embedder
// puts around a text counts for the first and the last chunk, so that a document of one chunk has its own vector.
//   COST: about a third more tokens than the document has; memory of one window and of the chunks' vectors.
// Errors: those of the embedder; Unsupported where late vectors are wanted and it has no counter or vectors of tokens.
Task<Result<std::vector<std::vector<float>>>> EmbedChunks(Call call, const Document& document, const Chunking& chunking,
                                                          ChunkTools tools);

}  // namespace atelier
