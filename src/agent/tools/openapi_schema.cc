#include "agent/tools/openapi_schema.h"

#include <algorithm>
#include <deque>
#include <set>

#include "agent/tools/tool_net.h"
#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 64;                  // of schemas within each other
constexpr int64_t kMaxDescriptionBytes = 600;  // of one parameter or property

constexpr std::string_view kDropped[] = {"example",        "examples", "xml",       "externalDocs",
                                         "discriminator",  "$schema",  "$id",       "$anchor",
                                         "$dynamicAnchor", "$comment", "deprecated"};
constexpr std::string_view kMapsOfSchemas[] = {"properties", "patternProperties", "dependentSchemas", "$defs",
                                               "definitions"};
constexpr std::string_view kSchemas[] = {
    "items",         "additionalItems",  "additionalProperties", "not", "if", "then", "else", "contains",
    "propertyNames", "unevaluatedItems", "unevaluatedProperties"};
constexpr std::string_view kListsOfSchemas[] = {"allOf", "anyOf", "oneOf", "prefixItems"};

template <size_t kSize>
bool IsOneOf(const std::string_view (&names)[kSize], std::string_view name) {
  return std::find(names, names + kSize, name) != names + kSize;
}

// Copies schemas and gathers what they refer to.
class SchemaCopier {
 public:
  explicit SchemaCopier(const Json& root) : root_(root) {}

  Json Copy(const Json& schema, int depth = 0) {
    if (schema.is_bool()) return schema;
    if (!schema.is_object() || depth > kMaxDepth || bytes_ > kMaxSchemaBytes) return Json::Object();
    Json copy = Json::Object();
    for (const JsonMember& member : schema.members()) {
      if (IsOneOf(kDropped, member.key) || member.key.starts_with("x-")) continue;
      bytes_ += member.key.size() + 4;
      copy.Set(member.key, CopyMember(member.key, member.value, depth));
    }
    if (const Json* reference = copy.Find("$ref"); reference != nullptr && reference->is_null()) copy.Erase("$ref");
    return copy;
  }

  // All that was referred to, and what that refers to. Null: nothing was.
  Json Definitions() {
    Json definitions;
    while (!wanted_.empty()) {
      const auto [reference, name] = wanted_.front();
      wanted_.pop_front();
      const Result<const Json*> target = FollowReference(root_, reference);
      definitions.Set(name, target ? Copy(**target) : Json::Object());
    }
    return definitions;
  }

 private:
  Json CopyMember(const std::string& key, const Json& value, int depth) {
    if (key == "$ref" || key == "$dynamicRef") return value.is_string() ? Json(NameOf(value.AsString())) : Json();
    if (IsOneOf(kMapsOfSchemas, key) && value.is_object()) {
      Json map = Json::Object();
      for (const JsonMember& member : value.members()) {
        bytes_ += member.key.size() + 4;
        map.Set(member.key, Copy(member.value, depth + 1));
      }
      return map;
    }
    if (IsOneOf(kSchemas, key) && !value.is_array()) return Copy(value, depth + 1);
    if ((IsOneOf(kListsOfSchemas, key) || key == "items") && value.is_array()) {
      Json list = Json::Array();
      for (const Json& item : value.items()) list.Push(Copy(item, depth + 1));
      return list;
    }
    if (key == "description" && value.is_string()) {
      const std::string text = Shortened(value.AsString(), kMaxDescriptionBytes);
      bytes_ += text.size();
      return text;
    }
    const size_t size = value.Dump().size();
    bytes_ += size;
    if (bytes_ <= 2 * kMaxSchemaBytes) return value;
    return key == "enum" || key == "required" ? Json::Array() : Json();
  }

  // "#/$defs/Pet" for what `reference` leads to; null where that is outside.
  Json NameOf(const std::string& reference) {
    if (const auto known = names_.find(reference); known != names_.end()) return "#/$defs/" + known->second;
    if (!FollowReference(root_, reference)) return {};
    std::string name;
    for (const char c : reference.substr(reference.rfind('/') + 1)) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      name += plain ? c : '_';
    }
    while (!taken_.insert(name).second) name += "_";
    names_.emplace(reference, name);
    wanted_.emplace_back(reference, name);
    return "#/$defs/" + name;
  }

  const Json& root_;
  size_t bytes_ = 0;
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
  std::deque<std::pair<std::string, std::string>> wanted_;
};

bool IsSchema(const Json& schema) {
  auto document = SchemaDocument::Parse(schema);
  return document.ok() && JsonSchemaValidator::Create(std::move(*document), FormatPolicy::kAnnotate).ok();
}

// A key that every model's interface takes.
std::string KeyOf(const std::string& name, std::set<std::string>& taken) {
  std::string key;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    if (plain) {
      key += c;
    } else if (!key.empty() && key.back() != '_') {
      key += '_';
    }
  }
  while (key.ends_with('_') && key.size() > 1) key.pop_back();
  if (key.empty()) key = "p";
  key = key.substr(0, 56);
  const std::string stem = key;
  for (int i = 2; !taken.insert(key).second; ++i) key = stem + "_" + std::to_string(i);
  return key;
}

Json WithDescription(Json schema, const std::string& description) {
  if (!schema.is_object()) schema = Json::Object();
  if (!description.empty()) schema.Set("description", Shortened(description, kMaxDescriptionBytes));
  return schema;
}

}  // namespace

ApiArguments ArgumentsOf(const ApiDocument& document, const ApiOperation& operation) {
  ApiArguments made;
  SchemaCopier copier(document.root);
  Json properties = Json::Object(), required = Json::Array();
  std::set<std::string> taken;
  for (size_t i = 0; i < operation.parameters.size(); ++i) {
    const ApiParameter& parameter = operation.parameters[i];
    const std::string key = KeyOf(parameter.name, taken);
    made.arguments.push_back({key, i});
    if (&parameter == IdempotencyParameter(operation)) continue;
    Json schema = parameter.schema != nullptr ? copier.Copy(*parameter.schema) : Json::Object();
    properties.Set(key, WithDescription(std::move(schema), parameter.description));
    if (parameter.required) required.Push(key);
  }
  if (const ApiBody& body = operation.body; body.kind != ApiBody::Kind::kNone) {
    made.body_key = KeyOf("body", taken);
    Json schema = body.schema != nullptr ? copier.Copy(*body.schema) : Json::Object();
    if (body.kind == ApiBody::Kind::kText) schema = Json::Object({{"type", "string"}});
    properties.Set(made.body_key, WithDescription(std::move(schema), body.description));
    if (body.required) required.Push(made.body_key);
  }
  Json definitions = copier.Definitions();
  made.schema = Json::Object({{"type", "object"}, {"properties", properties}, {"additionalProperties", false}});
  if (!required.empty()) made.schema.Set("required", required);
  if (!definitions.is_null()) made.schema.Set("$defs", std::move(definitions));
  if (IsSchema(made.schema)) return made;
  // Something in it is no JSON Schema: then only names and sentences are left.
  for (const JsonMember& member : properties.members()) {
    const Json* description = member.value.Find("description");
    const std::string sentence = description != nullptr && description->is_string() ? description->AsString() : "";
    made.schema.Find("properties")->Set(member.key, WithDescription(Json::Object(), sentence));
  }
  made.schema.Erase("$defs");
  return made;
}

}  // namespace atelier
