// Formats of structural tags (engine/grammar/structural_tag.h) as JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text/json.h"

namespace atelier::tag_format {

inline Json Text(std::string text) { return Json::Object({{"type", "const_string"}, {"value", std::move(text)}}); }
inline Json AnyText() { return Json::Object({{"type", "any_text"}}); }
inline Json Pattern(std::string pattern) { return Json::Object({{"type", "regex"}, {"pattern", std::move(pattern)}}); }
inline Json Schema(Json schema) { return Json::Object({{"type", "json_schema"}, {"json_schema", std::move(schema)}}); }

namespace internal {
inline Json List(const char* type, std::vector<Json> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  Json elements = Json::Array();
  for (Json& part : parts) elements.Push(std::move(part));
  return Json::Object({{"type", type}, {"elements", std::move(elements)}});
}
}  // namespace internal

// REQUIRES: parts are not empty.
inline Json Sequence(std::vector<Json> parts) { return internal::List("sequence", std::move(parts)); }
inline Json Or(std::vector<Json> parts) { return internal::List("or", std::move(parts)); }
inline Json Optional(Json content) { return Json::Object({{"type", "optional"}, {"content", std::move(content)}}); }
inline Json Any(Json content) { return Json::Object({{"type", "star"}, {"content", std::move(content)}}); }
inline Json TextWithout(std::string text) {
  return Json::Object({{"type", "any_text"}, {"excludes", Json::Array({std::move(text)})}});
}
// Any text; or up to the first `trigger`, and `rest` behind it.
inline Json UpTo(std::string trigger, Json rest) {
  Json rule = Json::Array({std::move(trigger), std::move(rest)});
  return Json::Object({{"type", "dispatch"}, {"rules", Json::Array({std::move(rule)})}, {"loop", false}});
}

}  // namespace atelier::tag_format
