// A grammar's text while it is read: a cursor whose errors say line and column, as "line 3, column 7: got …, want …".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

class GrammarText {
 public:
  // Errors: Invalid for text that is not UTF-8, TooLarge over kMaxGrammarBytes.
  static Result<GrammarText> Create(std::string_view text);

  bool at_end() const { return at_ >= text_.size(); }
  size_t at() const { return at_; }
  void Set(size_t at) { at_ = at; }
  // The byte `ahead` of the cursor; 0 past the end.
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool Sees(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool Take(std::string_view what);
  char TakeByte() { return text_[at_++]; }
  std::string_view Since(size_t begin) const { return text_.substr(begin, at_ - begin); }
  std::string_view Rest() const { return text_.substr(at_); }
  template <class Predicate>
  std::string_view TakeWhile(Predicate is) {
    const size_t begin = at_;
    while (!at_end() && is(text_[at_])) ++at_;
    return Since(begin);
  }
  // REQUIRES: !at_end().
  char32_t TakeCodePoint();
  // `digits` hexadecimal digits that are a code point.
  Result<char32_t> TakeHex(int digits);
  // A number of decimal digits, at most 1000000000.
  Result<int64_t> TakeCount();

  // "line 3, column 7" of an offset; columns count characters.
  std::string Where(size_t at) const;
  std::string Where() const { return Where(at_); }
  // "got X, want Y" with what stands at the cursor as X.
  Error Unexpected(std::string_view want) const;

 private:
  explicit GrammarText(std::string_view text) : text_(text) {}

  std::string_view text_;
  size_t at_ = 0;
};

// "\u{41}": a code point in a pattern.
std::string PatternCodePoint(char32_t value);

}  // namespace atelier
