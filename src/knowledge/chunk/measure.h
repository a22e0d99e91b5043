// How much of the limit's unit stands in a part of a text, and where parts may end.
//
// Bytes and characters (code points) add up; tokens do not quite: a word cut in two may have more. So tokens have an
// estimate that adds up, from counting each word once, and the exact count of a part, which limits are held by. A part
// counts at least a token for each kMaxBytesPerToken bytes: a giant word that a vocabulary does not know is one token.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "knowledge/chunk/chunker.h"

namespace atelier {

inline constexpr int64_t kMaxBytesPerToken = 16;

class Measure {
 public:
  // REQUIRES: `text` outlives it; counter != nullptr where the unit is tokens.
  Measure(std::string_view text, ChunkUnit unit, const TokenCounter* counter);

  std::string_view text() const { return text_; }
  int64_t Size(TextSpan span) const;
  bool Fits(TextSpan span, int64_t limit) const;
  // Of [0, at): the difference of two is about the size of what lies between.
  int64_t Estimate(int64_t at) const;
  int64_t Estimate(TextSpan span) const { return Estimate(span.end) - Estimate(span.begin); }

  // The last border between characters as people see them (grapheme clusters) at or before `at`.
  int64_t BorderBefore(int64_t at) const;
  // The largest end at such a border, at most span.end, with which the part from span.begin fits: at least one code
  // point. A cluster that is over the limit alone is cut between its code points.
  int64_t Reach(TextSpan span, int64_t limit) const;
  // The least begin, likewise.
  int64_t ReachBack(TextSpan span, int64_t limit) const;
  // Without white space at the ends; empty where there is nothing else.
  TextSpan Trimmed(TextSpan span) const;

 private:
  struct Mark {
    int64_t at = 0, sum = 0;
  };
  void CountTokens();
  int64_t PlaceOf(int64_t sum) const;  // where the estimate reaches `sum`, about
  int64_t CodePointBefore(int64_t at) const;
  int64_t NextCodePoint(int64_t at) const;

  const std::string_view text_;
  const ChunkUnit unit_;
  const TokenCounter* const counter_;
  std::vector<Mark> marks_;  // of characters every kStride bytes, of tokens after each word
};

}  // namespace atelier
