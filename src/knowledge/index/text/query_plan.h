// A query's clauses with the postings and weights that a view gives them.
#pragma once

#include <cstdint>
#include <vector>

#include "knowledge/index/text/text_query.h"
#include "knowledge/index/text/view_statistics.h"

namespace atelier {

// What is scored as one: a word, all that a prefix stands for, a phrase.
struct QueryLeaf {
  enum class Kind : uint8_t { kTerm, kAnyOf, kPhrase };
  Kind kind = Kind::kTerm;
  float weight = 0;
  // [part][list]. kTerm: one list; kAnyOf: in order of terms; kPhrase: one for each term, by offset (a part that lacks
  // one of them has none).
  std::vector<std::vector<ListCursor>> lists;
};

struct PlannedClause {
  TextClause::Occur occur = TextClause::Occur::kShould;
  int32_t field = -1;
  std::vector<QueryLeaf> leaves;  // any of them
  std::vector<uint32_t> offsets;  // of a phrase: [term]
  std::vector<uint32_t> same_as;  // of a phrase: [term] the first term that is the same word
  uint32_t slop = 0;
};

// Clauses that can match nothing keep their place, without postings.
std::vector<PlannedClause> PlanQuery(const TextQuery& query, const ViewStatistics& statistics);

// Terms of one segment that a prefix or fuzzy clause stands for, with what a frequency is worth, in order of terms.
struct TermMatch {
  std::string term;
  float scale = 1;
  uint32_t edits = 0;
  std::span<const uint8_t> postings;
};
std::vector<TermMatch> MatchTerms(const TextClause& clause, const TermDictionary& dictionary);

}  // namespace atelier
