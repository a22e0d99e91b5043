// Arguments of a call between tags, one by one: the XML styles that structural tags take from xgrammar. By style, with
// white space before each argument and at the end:
//
//   qwen_xml      <parameter=NAME>VALUE</parameter>
//   minimax_xml   <parameter name="NAME">VALUE</parameter>
//   deepseek_xml  <｜DSML｜parameter name="NAME" string="true">VALUE</｜DSML｜parameter>; "false" where VALUE is JSON
//   deepseek_v4_1_xml  the same with a blank before parameter
//   kimi_k3_xml   <|open|>argument key="NAME" type="TYPE"<|sep|>VALUE<|close|>argument<|sep|>
//   glm_xml       <arg_key>NAME</arg_key><arg_value>VALUE</arg_value>
//
// What may be a string is written as one, bare: every string that the argument's schema takes and that does not hold
// the end of its tag, exactly. In qwen_xml a line end on either side of a string is no part of it, as that model writes
// and its readers strip it. What may not is JSON, with white space around it.
//
// Tags that spell control tokens of the vocabulary are these (tag_fields.h).
//
// Arguments stand in the order of the schema, each once at most; those that `properties` does not name are not written,
// unless they are required. The object's schema keeps `properties`, `required`, `additionalProperties`; other keywords
// that say something of the object are refused by name (Unsupported).
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/grammar/cfg.h"
#include "engine/grammar/json_style.h"

namespace atelier {

bool IsArgumentStyle(std::string_view style);

// Whether arguments between tags keep a keyword of their object's schema, or it says nothing of the object.
bool IsKeptBetweenTags(std::string_view keyword);

// Adds the arguments of an object that satisfies `schema` to `cfg`.   Errors: `where` is a path within the schema.
// REQUIRES: IsArgumentStyle(style).
Result<CfgExprId> TaggedArgumentsOf(const Json& schema, std::string_view style, const JsonStyle& json, Cfg& cfg);

}  // namespace atelier
