// Reads a pattern's characters: escapes, classes, numbers, names. Internal to ecma_pattern_*.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/grammar/ecma_pattern.h"

namespace atelier::ecma {

class Reader {
 public:
  // REQUIRES: text is UTF-8.
  Reader(std::string_view text, bool annex_b);

  bool annex_b() const { return annex_b_; }
  size_t at() const { return at_; }
  void Back(size_t at) { at_ = at; }
  bool AtEnd() const { return at_ == chars_.size(); }
  char32_t Peek() const { return chars_[at_]; }  // REQUIRES: !AtEnd()
  char32_t Read() { return chars_[at_++]; }      // the same
  char32_t Before() const { return chars_[at_ - 1]; }
  bool Take(char32_t c);
  bool Take(std::string_view ascii);
  std::optional<int64_t> Decimal();  // saturates

  // [...], standing on '['.
  Result<CodePointSet> Class();
  // \..., standing on the backslash. \b and \B outside of classes are not for it.
  Result<CodePointSet> Escape(bool in_class);
  // The name of a group and its '>', after '<'.
  Result<void> GroupName();

  std::string Where() const { return "character " + std::to_string(at_ + 1); }
  Error Bad(std::string what) const { return Error::Invalid(Where(), std::move(what)); }

 private:
  struct ClassAtom {
    CodePointSet set;
    bool single = false;  // one character, so it may begin or end a range
  };

  Result<ClassAtom> ReadClassAtom();
  Result<CodePointSet> CharacterEscape(char32_t c, bool in_class);
  Result<CodePointSet> DigitEscape(bool in_class);
  Result<CodePointSet> LetterEscape(char32_t c, bool in_class);
  Result<CodePointSet> ControlEscape(bool in_class);
  Result<CodePointSet> PropertyEscape(bool negative);
  std::optional<char32_t> Hex(int num_digits);
  std::optional<char32_t> UnicodeEscape();
  void CountGroups();

  std::u32string chars_;
  bool annex_b_;
  size_t at_ = 0;
  int64_t num_groups_ = 0;
  bool has_names_ = false;
  std::vector<std::u32string> names_;
};

}  // namespace atelier::ecma
