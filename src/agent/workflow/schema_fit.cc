#include "agent/workflow/schema_fit.h"

#include <algorithm>
#include <utility>

#include "base/text/describe.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 32;  // of schemas within each other

// The types that a schema allows; empty: it does not say.
std::vector<std::string> TypesOf(const Json& schema) {
  std::vector<std::string> types;
  const Json& type = schema["type"];
  if (type.is_string()) types.push_back(type.AsString());
  if (type.is_array()) {
    for (const Json& one : type.items()) types.push_back(one.is_string() ? one.AsString() : std::string());
  }
  return types;
}

bool Accepts(const std::vector<std::string>& wanted, const std::string& type) {
  return std::ranges::find(wanted, type) != wanted.end() ||
         (type == "integer" && std::ranges::find(wanted, "number") != wanted.end()) ||
         (type == "number" && std::ranges::find(wanted, "integer") != wanted.end());  // it may be whole
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : " or ") + text;
  return joined;
}

// Of `enum` and `const`; null: any.
Json ValuesOf(const Json& schema) {
  if (schema["enum"].is_array()) return schema["enum"];
  if (const Json* one = schema.Find("const")) return Json::Array({*one});
  return {};
}

bool Contains(const Json& values, const Json& value) {
  return std::ranges::any_of(values.items(), [&](const Json& one) { return one == value; });
}

bool Requires(const Json& schema, const std::string& name) {
  return schema["required"].is_array() && Contains(schema["required"], Json(name));
}

std::string Misfit(const Json& given, const Json& wanted, int depth);

std::string ObjectMisfit(const Json& given, const Json& wanted, int depth) {
  const Json &has = given["properties"], &wants = wanted["properties"];
  const bool closed = given["additionalProperties"] == Json(false);
  if (wanted["required"].is_array()) {
    for (const Json& name : wanted["required"].items()) {
      if (!name.is_string() || has.Has(name.AsString())) continue;
      if (closed) return "lacks '" + name.AsString() + "'";
    }
  }
  if (!has.is_object()) return {};
  for (const JsonMember& member : has.members()) {
    if (const Json* want = wants.Find(member.key)) {
      const std::string why = Misfit(member.value, *want, depth + 1);
      if (!why.empty()) return "'" + member.key + "' " + why;
    } else if (wanted["additionalProperties"] == Json(false) && Requires(given, member.key) &&
               !wanted.Has("patternProperties")) {
      return "has '" + member.key + "', which is not wanted";
    }
  }
  return {};
}

std::string Misfit(const Json& given, const Json& wanted, int depth) {
  if (!given.is_object() || !wanted.is_object() || depth > kMaxDepth) return {};
  if (const Json& any = given["anyOf"]; any.is_array()) {
    for (const Json& one : any.items()) {
      std::string why = Misfit(one, wanted, depth + 1);
      if (!why.empty()) return why;
    }
  }
  const std::vector<std::string> types = TypesOf(given), wanted_types = TypesOf(wanted);
  if (!wanted_types.empty()) {
    for (const std::string& type : types) {
      if (!Accepts(wanted_types, type)) return "may be of type " + type + ", want " + Joined(wanted_types);
    }
  }
  const Json values = ValuesOf(given), wanted_values = ValuesOf(wanted);
  if (values.is_array() && wanted_values.is_array()) {
    for (const Json& value : values.items()) {
      if (!Contains(wanted_values, value)) return "may be " + value.Dump() + ", want one of " + wanted_values.Dump();
    }
  }
  std::string why = ObjectMisfit(given, wanted, depth);
  if (why.empty() && given["items"].is_object() && wanted["items"].is_object()) {
    why = Misfit(given["items"], wanted["items"], depth + 1);
    if (!why.empty()) why = "an item " + why;
  }
  return why;
}

// The schema that a reference within the document leads to.
const Json* Resolve(const Json& root, const Json& schema) {
  const Json* at = &schema;
  for (int hop = 0; hop < 8; ++hop) {
    const Json& ref = (*at)["$ref"];
    if (!ref.is_string()) return at;
    const std::string& text = ref.AsString();
    const size_t slash = text.rfind('/');
    const std::string name = slash == std::string::npos ? "" : text.substr(slash + 1);
    at = text == "#/$defs/" + name         ? root["$defs"].Find(name)
         : text == "#/definitions/" + name ? root["definitions"].Find(name)
                                           : nullptr;
    if (!at) return nullptr;
  }
  return nullptr;
}

bool IsIndex(const std::string& key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
}

Error NoSuchPart(const std::string& key, const std::string& is, const Json& properties) {
  std::vector<std::string_view> known;
  if (properties.is_object()) {
    for (const JsonMember& member : properties.members()) known.push_back(member.key);
  }
  const std::string_view near = Nearest(key, known);
  return Error::Invalid("", "got '" + key + "' of " + is +
                                (near.empty() ? std::string() : "; did you mean '" + std::string(near) + "'?"));
}

}  // namespace

std::string Misfit(const Json& given, const Json& wanted) { return Misfit(given, wanted, 0); }

Result<Json> SchemaAt(const Json& schema, const std::vector<std::string>& path) {
  const Json* at = &schema;
  for (const std::string& key : path) {
    at = Resolve(schema, *at);
    if (!at || !at->is_object()) return Json::Object({});
    const std::vector<std::string> types = TypesOf(*at);
    if (types.size() != 1) return Json::Object({});
    if (types[0] == "object") {
      const Json* next = (*at)["properties"].Find(key);
      if (!next && (*at)["additionalProperties"] == Json(false)) {
        return NoSuchPart(key, "an object without it", (*at)["properties"]);
      }
      at = next;
    } else if (types[0] == "array") {
      if (!IsIndex(key)) return NoSuchPart(key, "an array", {});
      at = at->Find("items");
    } else {
      return NoSuchPart(key, "what is of type " + types[0], {});
    }
    if (!at) return Json::Object({});
  }
  at = Resolve(schema, *at);
  return at ? *at : Json::Object({});
}

Json ObjectSchema(std::vector<std::pair<std::string, Json>> properties) {
  Json schema = Json::Object({{"type", "object"}});
  Json members = Json::Object({}), required = Json::Array({});
  for (auto& [name, property] : properties) {
    required.Push(name);
    members.Set(name, std::move(property));
  }
  schema.Set("properties", std::move(members));
  schema.Set("required", std::move(required));
  schema.Set("additionalProperties", false);
  return schema;
}

Json TypeSchema(std::string_view type) { return Json::Object({{"type", type}}); }

Json UnionSchema(std::vector<Json> schemas) {
  Json any = Json::Array({});
  for (Json& schema : schemas) {
    if (!Contains(any, schema)) any.Push(std::move(schema));
  }
  if (any.size() == 1) return any[0];
  return Json::Object({{"anyOf", std::move(any)}});
}

}  // namespace atelier
