// How documents are cut: the rows of a corpus's `chunking` in atelier.yaml. docs/chunking.md tells what each method
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"

namespace atelier {

// Keys that are not set take the method's own default; a key that is set and that the method does not know is an error.
struct ChunkOptions {
  std::string method = "auto";
  std::optional<std::string> unit;  // "tokens" (of the embedder), "characters" (code points) or "bytes"
  std::optional<int64_t> limit;     // the most of that unit in a chunk's span
  std::optional<int64_t> overlap;   // how much of the chunk before is said again, at most
  // What may stand before the text where it is embedded (title, heading path, context), as a share of `limit`, on top
  // of it: metadata never eats the chunk.
  double preface = 0.2;
  std::vector<std::string> separators;       // recursive: from large to small
  std::optional<int64_t> overlap_sentences;  // sentence: whole sentences instead of `overlap`
  std::optional<std::string> base;           // late, parent and methods that ask a model: what cuts
  std::optional<int64_t> parent_limit;       // parent: the most in what is shown
  std::optional<int64_t> window;             // window: sentences shown on each side; semantic: compared on each side
  std::optional<double> percentile;          // semantic: a cut is made where the distance is among the largest
  std::optional<int64_t> context_tokens;     // contextual, summary_tree, graph: that the model may write

  static Fields Describe();
};

}  // namespace atelier
