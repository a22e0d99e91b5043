// Lark grammars, as llguidance (and so vLLM) takes them:
//
//   rule      name: alternative | alternative -> tree …      the output is what `start` matches
//   terminal  NAME: the same, of terminals alone; & is "both", ~ is "not"
//   part      "text"  "text"i  "a".."z"  /expression/imsux  name  NAME  ( … )  [ maybe ]  %json { schema }
//             %regex { a run of chunks, lark_substring.h }  <|token|>  <[7,9-12]> (named_tokens.h)
//   count     * + ? ~m ~m..n {m} {m,} {m,n} {,n}
//   %ignore part    %import common.NAME -> NAME    %import common (A, B)    # and // comments
//   name[lazy]: terminals      name[suffix="text"]: terminals      as few characters as can be
//
// In rules, what %ignore names may stand behind every terminal (before the first one only with
// `%llguidance {"allow_initial_skip": true}`; once at most with `{"ignore_once": true}`). A text matches where some way
// to divide it into terminals does, as Lark's lexer `dynamic_complete` has it: terminals are not made as long as
// possible, so no text that can be divided is cut off, and generation never comes to a dead end. Priorities choose
// among readings, not texts, and change nothing.
//
// Refused by name: tokens of text, @grammars, parameters, %declare, %override, %extend, imports from elsewhere, anchors
// and looking around in expressions, the attributes stop, max_tokens and temperature.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/grammar/cfg.h"
#include "engine/grammar/json_style.h"

namespace atelier {

// Adds the grammar's rules to `cfg`; the rule `start`.   Errors: `where` is a line and a column.
//   style  how documents of %json may be written
Result<int32_t> ReadLark(std::string_view text, const JsonStyle& style, Cfg& cfg);

}  // namespace atelier
