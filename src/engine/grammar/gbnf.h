// GBNF, the grammars of llama.cpp (and, with the same marks, of xgrammar):
//
//   rule   name ::= alternative | alternative …       the output is what `root` matches
//   part   "text"   [a-z_]   [^"\\]   .   name   ( … )
//   count  *   +   ?   {m}   {m,}   {m,n}   {,n}
//   escape \n \r \t \xXX \uXXXX \UXXXXXXXX and a backslash before any mark
//   # a comment up to the end of the line
//
// Characters are code points. There is no lexer: a text matches where some way of reading it does. Rules may refer to
// themselves in any place. An alternative may also go on in the next line, unless that begins a rule.
//
// Refused: a name without a rule, or with two; `<token>` (a grammar here speaks of text; Unsupported).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/grammar/cfg.h"

namespace atelier {

// Adds the grammar's rules to `cfg`; the rule `root`.   Errors: `where` is a line and a column.
Result<int32_t> ReadGbnf(std::string_view text, Cfg& cfg);

}  // namespace atelier
