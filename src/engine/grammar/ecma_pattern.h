// Regular expressions of ECMA-262 as trees.                                      [ECMA-262, 22.2.1 and annex B.1.2]
//
// The u flag's grammar first; a pattern that it refuses is read as annex B has it (`\-`, `\_`, a lone `{` or `]`, octal
// escapes, a class as the end of a range), with `\p{…}` and `\u{…}` still meaning what the u flag says, and characters
// always being code points. Where both read a pattern, they agree on what it matches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/grammar/code_points.h"

namespace atelier {

struct PatternNode {
  enum class Kind : uint8_t {
    kSequence,      // of children; none: the empty string
    kChoice,        // among children
    kClass,         // one character of `set`
    kRepeat,        // children[0], min to max times; no max: kNoMax
    kStart,         // ^
    kEnd,           // $
    kWordBoundary,  // \b, or \B if negative
    kLookAhead,     // children[0]
    kLookBehind,    // children[0]
  };
  static constexpr int64_t kNoMax = INT64_MAX;

  Kind kind = Kind::kSequence;
  bool negative = false;
  bool pure = true;  // no assertion in it
  int64_t min = 0, max = 0;
  CodePointSet set = {};
  std::vector<int32_t> children = {};  // indices of EcmaPattern::nodes
};

struct EcmaPattern {
  std::vector<PatternNode> nodes;  // children before parents
  int32_t root = 0;
};

// Errors: `where` is "character N" of the pattern, counted from 1. Unsupported: back references, modifiers; TooLarge:
// over 64 KiB, or groups nested deeper than 100.
Result<EcmaPattern> ParseEcmaPattern(std::string_view pattern);

// The characters of \d, \w, \s.
CodePointSet EcmaDigits();
CodePointSet EcmaWordCharacters();
CodePointSet EcmaSpaces();

// The characters of \p{text}, such as "Lu", "Letter", "gc=Lu", "Script=Greek", "sc=Grek", "Alphabetic"; nothing where
// no such property is known here.
std::optional<CodePointSet> UnicodeProperty(std::string_view text);

}  // namespace atelier
