// Cuts a Jinja template into tokens, as jinja2 does with trim_blocks and lstrip_blocks on: white space around
// tags is decided here, so that the parser never sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier::jinja {

enum class TokenKind : uint8_t {
  kData,           // text: what stands outside tags
  kVariableBegin,  // {{
  kVariableEnd,    // }}
  kBlockBegin,     // {%
  kBlockEnd,       // %}
  kName,
  kString,    // text: unescaped
  kInteger,   // text: digits in base 10, 16, 8 or 2
  kFloat,     // text
  kOperator,  // text: "==", "(", "~", ...
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  int line = 0;
};

// Ends with a kEnd.   COST: linear.
Result<std::vector<Token>> Tokenize(std::string_view source);

}  // namespace atelier::jinja
