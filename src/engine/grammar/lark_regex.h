// A regular expression of a Lark grammar, /…/flags, as a pattern of ECMA-262. What Python's `re` and Rust's `regex`
// read alike is read; \d \w \s are those of Unicode; `.` is any character but a new line.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

struct LarkFlags {
  bool ignore_case = false;  // i
  bool dot_all = false;      // s
  bool verbose = false;      // x: white space and comments are left out
};

// Errors: `where` is "character N" of the expression. Unsupported: anchors and looking around (a terminal does not see
// what stands beside it), back references, possessive repetition.
Result<std::string> TranslateLarkRegex(std::string_view regex, LarkFlags flags);

// A pattern for exactly this text in any case.
std::string AnyCasePattern(std::string_view text);

}  // namespace atelier
