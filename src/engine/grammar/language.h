// Regular languages over bytes, as expressions that are stepped by derivatives: the state after some bytes is again an
// expression, the language of what may follow.            [Brzozowski 1964; Owens, Reppy, Turon 2009]
//
// Expressions are hash-consed in a Languages: the same language built the same way has the same LanguageId, so an id is
// also a DFA's state, and transitions are kept once computed. Intersection and complement cost no more to write than
// union; counted repetition is a counter, not copies.
//
// Everything works on bytes; text patterns are UTF-8, and no language made from a pattern or from Chars() accepts
// bytes that are not UTF-8. Not() is relative to all strings of whole UTF-8 characters.
//
// One thread at a time (a Languages belongs to one Grammar, which locks).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

using LanguageId = int32_t;
using ByteSet = std::bitset<256>;

// A language that no expression has: its states are found as they are stepped to. Of ASCII.
class ListedLanguage {
 public:
  virtual ~ListedLanguage() = default;
  static constexpr int32_t kStart = 0;
  // -1: no member goes on so. Every other state has a member.
  virtual int32_t Next(int32_t state, uint8_t byte) = 0;
  virtual bool Accepts(int32_t state) const = 0;
  virtual int64_t MaxBytes(int32_t state) const = 0;  // of what follows
};

class Languages {
 public:
  Languages();
  ~Languages();
  Languages(const Languages&) = delete;
  Languages& operator=(const Languages&) = delete;

  static constexpr LanguageId kNothing = 0;  // no string
  static constexpr LanguageId kEmpty = 1;    // the empty string alone
  static constexpr LanguageId kAnyText = 2;  // every string of whole UTF-8 characters

  LanguageId Byte(const ByteSet& bytes);
  LanguageId Literal(std::string_view bytes);
  // One of these strings; a sorted table and a position in it, however many they are.
  LanguageId Words(std::vector<std::string> words);
  LanguageId Listed(std::unique_ptr<ListedLanguage> language);
  LanguageId Chars(int64_t min, std::optional<int64_t> max);  // so many code points, any
  LanguageId Concat(LanguageId first, LanguageId second);
  LanguageId Or(std::span<const LanguageId> parts);
  LanguageId And(std::span<const LanguageId> parts);
  LanguageId Not(LanguageId part);
  LanguageId Repeat(LanguageId part, int64_t min, std::optional<int64_t> max);

  // What a pattern of ECMA-262 (u flag) matches. Searched: anywhere in the string, as JSON Schema has it; else the
  // whole string. Anchors, \b, lookahead (exact, by And and Not), lookbehind of fixed patterns where it can be kept
  // exactly, classes, \p{…}, \d \w \s, dot, lazy quantifiers (same language), groups, named groups. Back references are
  // Unsupported; so is what nothing here can keep. Errors: `where` is "character N", `what` says got and want.
  enum class Anchoring { kSearched, kWhole };
  Result<LanguageId> Pattern(std::string_view pattern, Anchoring anchoring);

  // How many characters of any kind `state` is, where it is that and no more.
  struct CharRange {
    int64_t min = 0, max = INT64_MAX;
  };
  std::optional<CharRange> AsChars(LanguageId state) const;

  // A language that is kept as a list: what stands behind the first `read` bytes, which all share, of each of `words`,
  // ascending. No words: it is kept otherwise. The words stay where they are.
  struct WordList {
    std::span<const std::string> words;
    size_t read = 0;
  };
  WordList AsWords(LanguageId state) const;

  // The language of what may follow after `byte`.   COST: a table lookup once computed.
  LanguageId Next(LanguageId state, uint8_t byte);
  bool Accepts(LanguageId state);  // the empty string is in it
  // No string is in it. Decided exactly for unions, concatenations and repetitions at once, for intersections and
  // complements by searching the states, each once ever. Where that exceeds the budget, the answer is false and
  // over_budget() is true from then on: what was made from it must be refused.
  bool IsNothing(LanguageId state);
  // Bytes that lead to something other than nothing.
  ByteSet NextBytes(LanguageId state);
  // Bytes that lead back to the same state.
  ByteSet LoopBytes(LanguageId state);
  // The last byte up to `last` so that it and all from `byte` to it lead to the same language.
  uint8_t LastAlike(LanguageId state, uint8_t byte, uint8_t last);
  // Whether every text is the beginning of a member, where that is seen without a search; no: perhaps it is.
  bool TakesAnyText(LanguageId state) const;
  // Every member is of whole characters: the state stands between two of them.
  bool IsText(LanguageId state) const;
  // A language that is the same as far as the next `num_bytes` bytes show: along each of them it accepts where the
  // state does and is nothing where the state is. States apart only in counters that so few bytes cannot exhaust (a
  // string's 255 characters left, or 254) have one and the same, so it is what to know a token mask by.
  LanguageId Near(LanguageId state, int64_t num_bytes);
  // A shortest member, if there is one.
  std::optional<std::string> Shortest(LanguageId state);
  // The number of members, where it is finite and at most `limit`; nothing, too, where counting takes 100,000 states.
  std::optional<int64_t> Count(LanguageId state, int64_t limit);

  bool over_budget() const;
  int64_t num_states() const;

  class Impl;  // for language_*.cc and what compiles patterns

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace atelier
