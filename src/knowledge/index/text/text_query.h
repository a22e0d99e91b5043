// What a user typed becomes a query. Any text is a query: what is not understood is read as words.
//
//   words             any of them; stop words are left out where other words remain
//   "a phrase"        the words side by side; "a phrase"~3: within 3 moves of that order
//   pref*             words that begin so
//   fuzzy~ fuzzy~2    words at most 1 (2) insertions, deletions, changes or swaps of neighbours away
//   +must -mustnot    before any of these
//   title:word        in this field alone, before any of these (+title:"a phrase"); an unknown field is just words
// A word that gives several terms (an identifier, 3.14) is any of them; CJK text is a phrase of its pairs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/index/text/analyzer.h"
#include "knowledge/index/text/text_segment.h"

namespace atelier {

struct TextClause {
  enum class Kind : uint8_t { kWord, kPhrase, kPrefix, kFuzzy };
  enum class Occur : uint8_t { kShould, kMust, kMustNot };
  struct Term {
    std::string text;
    uint32_t offset = 0;  // of a phrase: its place, from 0
    bool operator==(const Term&) const = default;
  };
  Kind kind = Kind::kWord;
  Occur occur = Occur::kShould;
  int32_t field = -1;  // -1: any
  // kWord: any of these, each scored by itself; kPhrase: all of these, by offset; kPrefix, kFuzzy: one, as typed,
  // folded.
  std::vector<Term> terms;
  uint32_t slop = 0;   // of a phrase
  uint32_t edits = 1;  // of kFuzzy: 1 or 2
  bool operator==(const TextClause&) const = default;
};

struct TextQuery {
  std::vector<TextClause> clauses;  // none: matches nothing
  bool operator==(const TextQuery&) const = default;
};

// At most 1,024 clauses are read.
TextQuery ParseTextQuery(std::string_view text, const Analyzer& analyzer, const TextSchema& schema);
// All of it words: for questions in prose, where quotes and dashes mean nothing.
TextQuery WordsQuery(std::string_view text, const Analyzer& analyzer);

}  // namespace atelier
