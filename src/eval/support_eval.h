// How well a support score (knowledge/support.h) tells what a source says from what it nearly says. The sentences of
// documents are retold by leaving something out, and then one thing is made wrong, each in one of these ways:
//
//   number     one number becomes another
//   negation   a "not" is put in, or taken out
//   entity     a name or an identifier becomes another of the same document
//   neighbour  the claim stays right, but the sentence next to it is given as its source
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

struct SupportCase {
  std::string kind;
  std::string source;        // a sentence
  std::string right;         // a claim that the source supports
  std::string wrong;         // the same claim with one thing made wrong
  std::string wrong_source;  // what `wrong` is held against: `source`, but of neighbours
};

// The sentence without a part of it that can go: what stands in brackets, before its first comma or after its last;
// itself where there is none.
std::string Retold(std::string_view sentence);

// The cases that the sentences of one document, in their order, give. Always the same of the same sentences.
std::vector<SupportCase> SupportCasesOf(const std::vector<std::string>& sentences);

struct SupportScores {
  std::string kind;  // "all" of all together
  size_t num_cases = 0;
  double auroc = 0;
  double right_dropped = 0;  // share of right claims that are scored below `keep_from`
  double wrong_kept = 0;     // share of wrong claims that are not
};
using SupportScorer = std::function<double(std::string_view claim, std::string_view source)>;
// A row a kind, in order of their names, and one of all.
std::vector<SupportScores> ScoreSupport(const std::vector<SupportCase>& cases, const SupportScorer& scorer,
                                        double keep_from);

}  // namespace atelier
