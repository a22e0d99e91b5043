// Citations of sentences, checked against the corpus.
#pragma once

#include "knowledge/answer.h"
#include "knowledge/sentence_choice.h"

namespace atelier {

Citation CitationOf(const Passage& passage, const Quotable& quotable, int32_t number);

// Whether the corpus still says what is quoted, where it is quoted from.
Result<bool> Stands(const Corpus& corpus, const Citation& citation, const Filter& visible);

}  // namespace atelier
