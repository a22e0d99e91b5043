// Citations of sentences, checked against the corpus.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "knowledge/answer.h"
#include "knowledge/index/text/analyzer.h"
#include "knowledge/sentence_choice.h"

namespace atelier {

struct FoundSupport {
  const Quotable* quotable = nullptr;  // null: none says it well enough
  double support = 0;
};

// Where a claim stands: the sentence that supports it best (support.h) among those of the sources that it names, and
// where none of these has `at_least`, among all: sources may be numbered wrongly. Of equal ones the first.
FoundSupport FindSupport(std::string_view claim, const std::vector<Quotable>& quotables,
                         const std::function<bool(const Quotable&)>& is_named, double at_least,
                         const Analyzer& analyzer);

Citation CitationOf(const Passage& passage, const Quotable& quotable, int32_t number);

// Whether the corpus still says what is quoted, where it is quoted from.
Result<bool> Stands(const Corpus& corpus, const Citation& citation, const Filter& visible);

}  // namespace atelier
