// Passages are found by a chunk and read with more around it.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "knowledge/stage/stage.h"

namespace atelier {

// Where to read, given a text and the place in it that was found: contains `found`.
using WidenedSpan = std::function<TextSpan(std::string_view text, TextSpan found)>;

// Gives each passage the part of its document that `widened` wants, of at most `reach` bytes on each side. A passage
// that stands within what an earlier one of its document shows is left out: it would be read twice. Blocks.
// Errors: the corpus's; a document that is gone by now keeps its passage as it is.
Result<void> Widen(const Corpus& corpus, const Filter& visible, int64_t reach, const WidenedSpan& widened,
                   std::vector<Passage>& passages);
// The same for a stage, on the pool.
Task<Result<void>> WidenOnPool(StageTools tools, int64_t reach, WidenedSpan widened, StageState& state);

}  // namespace atelier
