// Which sentences of the passages answer a question, by figures that need no language model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {

// A sentence that may be quoted.
struct Quotable {
  size_t passage = 0;  // its place among the passages
  TextSpan span;       // of the document's text
  std::string text;    // its bytes
  std::string said;    // the same with title and headings before it: what it is compared by
};

// Each in [0, 1] but the cosine.
struct QuotableFigures {
  double cosine = 0;          // of question and `said`, as the embedder has them
  double share = 0;           // of the question's words in `text`
  double share_in_place = 0;  // in `said` and the sentences next to it
  double passage = 0;         // the passage's score over that of the best
  double passage_cosine = 0;  // of question and passage, where it was found by likeness
};

// Sentences, items of lists and rows of tables of the passages; headings, rules and code are none. Where passages
// overlap a sentence comes once.
std::vector<Quotable> QuotablesOf(const std::vector<Passage>& passages);

// Figures of all but the cosine.
std::vector<QuotableFigures> FiguresOf(const std::vector<Quotable>& candidates, const std::vector<Passage>& passages,
                                       std::string_view question, const Analyzer& analyzer);

// The probability that a sentence answers the question, by logistic regression on the open half of the questions over
// this project's own documents (tools/fit_relevance.py, docs/knowledge.md). One sentence of 80 read does, so it is
// small.
double Relevance(const QuotableFigures& figures);

// The probability that any of them does: what refusal is decided by.   REQUIRES: !figures.empty().
double Confidence(const std::vector<QuotableFigures>& figures);

}  // namespace atelier
