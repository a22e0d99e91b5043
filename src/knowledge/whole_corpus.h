// A small collection goes whole into the prompt: nothing is missed, and as the documents come first and always in the
// same order, the prefix cache reads them once for all questions.
#pragma once

#include <vector>

#include "knowledge/corpus/corpus.h"

namespace atelier {

// Every document that passes both filters as one passage, in order of their ids; none where they have more bytes than
// `most` together, or the corpus has no lists of them.   Blocks. COST: lists documents until there are too many.
Result<std::vector<Passage>> WholeDocuments(const Corpus& corpus, const Filter& filter, const Filter& visible,
                                            int64_t most);

}  // namespace atelier
