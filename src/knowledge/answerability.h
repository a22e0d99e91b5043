// Whether the documents answer a question at all, as a probability: what refusals are decided by.
//
// Near misses cannot be told by likeness: a question about a neighbouring thing, in the pages' own words, is nearer to
// them than one that they answer and that is put in other words. What does tell, a little, is what a question asks for
// exactly: a name or a number of its own that the likeliest sentence lacks, and a quantity where it has none. Questions
// about another field are told by likeness, and well (`answers.refuse_below`). Weights by logistic regression on the
// open half of the questions over this project's own documents (tools/fit_answerability.py; docs/knowledge.md has what
// it is worth). The cues read English: of other languages they are 0, and likeness alone decides.
#pragma once

#include <string_view>

#include "knowledge/index/text/analyzer.h"
#include "knowledge/sentence_choice.h"

namespace atelier {

struct AnswerCues {
  // Names and numbers of the question that the sentence and its headings lack, 3 at most; digits of a name are numbers.
  double specifics_missing = 0;
  double quantity_asked = 0;    // 1: "how many", "what size", "the default of"
  double quantity_missing = 0;  // 1: and the sentence has no number
};

// `likeliest`: the sentence of the greatest relevance.
AnswerCues CuesOf(std::string_view question, const Quotable& likeliest, const Analyzer& analyzer);

// The probability that a question with these cues is answered, where something near it is written.
double Answerability(const AnswerCues& cues);

// Below this the documents don't say: there is more likely nothing to be found than that what is quoted is right, as it
// is for 0.42 of the questions that are answered: 1 / (1 + 0.42).
inline constexpr double kAnswerAtLeast = 0.70;

}  // namespace atelier
