#include "engine/grammar/random_schema.h"

#include <array>

namespace atelier {
namespace {

constexpr std::array<const char*, 7> kNames = {"a", "b", "ab", "c1", "x", "é", "x-y"};
// What JSON writes escaped, or may.
constexpr std::array<const char*, 5> kEscaped = {"\n\"", "\"", "\"b", "\\", "/"};
constexpr std::array<const char*, 8> kPatterns = {"^[a-c]+$", "b", "^x", "\\d", "^(ab|c1)$", "^.{2}$", "^[^x]*$", "é"};
constexpr std::array<const char*, 9> kNumbers = {"0", "1", "2", "-1", "0.5", "1.0", "10", "3", "1e1"};
constexpr std::array<const char*, 8> kTypes = {"null",   "boolean", "integer", "number",
                                               "string", "array",   "object",  "object"};

}  // namespace

std::string RandomSchema::Name() { return kNames[static_cast<size_t>(Below(kNames.size()))]; }
std::string RandomSchema::Pattern() { return kPatterns[static_cast<size_t>(Below(kPatterns.size()))]; }
Json RandomSchema::Number() { return Json::NumberOf(kNumbers[static_cast<size_t>(Below(kNumbers.size()))]); }

Json RandomSchema::String() {
  std::string text = Chance(0.7) ? Name() : "";
  if (Chance(0.4)) text += Name();
  if (Chance(0.1)) text += kEscaped[static_cast<size_t>(Below(kEscaped.size()))];
  return text;
}

Json RandomSchema::Value(int depth) {
  const int64_t kind = Below(depth > 0 ? 8 : 5);
  if (kind == 0) return {};
  if (kind == 1) return Chance(0.5);
  if (kind == 2) return Number();
  if (kind <= 4) return String();
  if (kind == 5) {
    Json array = Json::Array();
    for (int64_t n = Below(4); n > 0; --n) array.Push(Value(depth - 1));
    return array;
  }
  Json object = Json::Object();
  for (int64_t n = Below(4); n > 0; --n) object.Set(Name(), Value(depth - 1));
  return object;
}

Json RandomSchema::Schemas(int depth, int64_t most) {
  Json schemas = Json::Array();
  for (int64_t n = 1 + Below(most); n > 0; --n) schemas.Push(Schema(depth));
  return schemas;
}

void RandomSchema::AddNumberKeywords(Json& schema) {
  if (Chance(0.4)) schema.Set("minimum", Number());
  if (Chance(0.3)) schema.Set("maximum", Number());
  if (Chance(0.1)) schema.Set("exclusiveMinimum", Number());
  if (Chance(0.1)) schema.Set("exclusiveMaximum", Number());
  if (Chance(0.2)) schema.Set("multipleOf", Json::NumberOf(Chance(0.5) ? "2" : "0.5"));
}

void RandomSchema::AddStringKeywords(Json& schema) {
  if (Chance(0.4)) schema.Set("minLength", Below(3));
  if (Chance(0.4)) schema.Set("maxLength", Below(5));
  if (Chance(0.4)) schema.Set("pattern", Pattern());
}

void RandomSchema::AddArrayKeywords(Json& schema, int depth) {
  if (Chance(0.3)) schema.Set("prefixItems", Schemas(depth, 2));
  if (Chance(0.6)) schema.Set("items", Schema(depth));
  if (Chance(0.3)) schema.Set("minItems", Below(3));
  if (Chance(0.3)) schema.Set("maxItems", Below(4));
  if (Chance(0.2)) {
    schema.Set("contains", Schema(depth));
    if (Chance(0.3)) schema.Set("minContains", Below(3));
    if (Chance(0.3)) schema.Set("maxContains", 1 + Below(2));
  }
  if (Chance(0.1)) {
    schema.Set("uniqueItems", true);
    if (Chance(0.5)) schema.Set("items", ClosedObject(depth));
  }
  if (Chance(schema.Has("contains") ? 0.3 : 0.05)) schema.Set("unevaluatedItems", Schema(depth));
}

Json RandomSchema::ClosedObject(int depth) {
  Json properties = Json::Object();
  for (int64_t n = 1 + Below(4); n > 0; --n) properties.Set(Name(), Schema(depth));
  Json schema = Json::Object({{"type", "object"}, {"properties", properties}, {"additionalProperties", false}});
  if (Chance(0.5)) schema.Set("required", Json::Array({properties.members()[0].key}));
  return schema;
}

void RandomSchema::AddObjectKeywords(Json& schema, int depth) {
  if (Chance(0.8)) {
    Json properties = Json::Object();
    for (int64_t n = 1 + Below(4); n > 0; --n) properties.Set(Name(), Schema(depth));
    schema.Set("properties", std::move(properties));
  }
  if (Chance(0.2)) schema.Set("patternProperties", Json::Object({{Pattern(), Schema(depth)}}));
  if (Chance(0.4)) schema.Set("additionalProperties", Chance(0.6) ? Json(false) : Schema(depth));
  if (Chance(0.5)) {
    Json required = Json::Array({Name()});
    const std::string other = Name();
    if (Chance(0.4) && required[0].AsString() != other) required.Push(other);
    schema.Set("required", std::move(required));
  }
  if (Chance(0.15)) schema.Set("minProperties", Below(3));
  if (Chance(0.15)) schema.Set("maxProperties", Below(4));
  if (Chance(0.1)) schema.Set("propertyNames", Json::Object({{"pattern", Pattern()}}));
  if (Chance(0.1)) schema.Set("dependentRequired", Json::Object({{Name(), Json::Array({Name()})}}));
  if (Chance(0.1)) schema.Set("dependentSchemas", Json::Object({{Name(), Schema(depth)}}));
  if (Chance(0.05)) schema.Set("unevaluatedProperties", Schema(depth));
}

void RandomSchema::AddInPlace(Json& schema, int depth) {
  if (Chance(0.15)) schema.Set("anyOf", Schemas(depth, 3));
  if (Chance(0.1)) schema.Set("oneOf", Schemas(depth, 3));
  if (Chance(0.1)) schema.Set("allOf", Schemas(depth, 2));
  if (Chance(0.1)) schema.Set("not", Schema(depth));
  if (Chance(0.07)) {
    schema.Set("if", Schema(depth));
    if (Chance(0.8)) schema.Set("then", Schema(depth));
    if (Chance(0.8)) schema.Set("else", Schema(depth));
  }
}

Json RandomSchema::Schema(int depth) {
  if (depth == 0 || Chance(0.08)) {
    if (Chance(0.15)) return Chance(0.7);
    if (Chance(0.3)) return Json::Object({{"const", Value(1)}});
    if (Chance(0.3)) return Json::Object({{"enum", Json::Array({Value(1), Value(1), Value(0)})}});
  }
  Json schema = Json::Object();
  const std::string type = kTypes[static_cast<size_t>(Below(kTypes.size()))];
  if (Chance(0.8)) schema.Set("type", Chance(0.1) ? Json(Json::Array({type, "null"})) : Json(type));
  if (type == "integer" || type == "number") AddNumberKeywords(schema);
  if (type == "string") AddStringKeywords(schema);
  if (depth == 0) return schema;
  if (type == "array") AddArrayKeywords(schema, depth - 1);
  if (type == "object") AddObjectKeywords(schema, depth - 1);
  AddInPlace(schema, depth - 1);
  return schema;
}

}  // namespace atelier
