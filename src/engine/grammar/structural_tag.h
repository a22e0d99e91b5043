// Structural tags, as xgrammar and vLLM have them: a text in which tags hold JSON or other content.
//
//   {"type": "structural_tag", "format": F}   or the older   {"structures": [{begin, schema, end}…], "triggers": […]}
//
// F by its `type`:
//   const_string{value}  json_schema{json_schema, style: tagged_arguments.h}  regex{pattern}  grammar{grammar: GBNF or
//   Lark}  any_text{excludes, max_chars}  sequence{elements}  or{elements}  optional{content}  plus{content}
//   star{content}  repeat{content, min, max: -1 is any}  tag{begin, content, end: one or several}
//   triggered_tags{triggers, tags, at_least_one, stop_after_first, excludes}: any text; where a trigger ends in it, a
//     tag that begins with that trigger goes on
//   tags_with_separator{tags, separator, at_least_one, stop_after_first}
//   dispatch{rules: [[text, F]…], loop, excludes}: any text; behind each `text`, its F
//   token{token}  any_tokens{exclude_tokens}  token_triggered_tags{trigger_tokens, tags, exclude_tokens, …}
//   token_dispatch{rules: [[token, F]…], loop, exclude_tokens}: the same with tokens by id or spelling (tag_fields.h);
//     any tokens are any text, so control tokens stand only where they are named
//
// Any text within a tag does not hold the tag's end, so the tag ends at the first one.
//
// The older qwen_xml_parameter{json_schema} is json_schema in the style qwen_xml.
//
// Refused by name (Unsupported): what counts tokens (exclude_token, max_tokens), the styles cohere_xml and
// minimax_m3_xml, excludes of json_schema, and any_order where its arguments stand between tags. In JSON any_order is
// members in any order, and unlike xgrammar's keeps the schema: what is required is there, and nothing twice.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/grammar/cfg.h"
#include "engine/grammar/json_style.h"

namespace atelier {

// Adds the tag's rules to `cfg`; the rule of the whole.   Errors: `where` is a path such as "format.tags[0].content".
//   style  how JSON may be written
Result<int32_t> ReadStructuralTag(const Json& tag, const JsonStyle& style, Cfg& cfg);

}  // namespace atelier
