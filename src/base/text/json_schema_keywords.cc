#include "base/text/json_schema_keywords.h"

#include <array>

#include "base/check.h"

namespace atelier {
namespace {

using enum SchemaShape;
using Draft = SchemaDraft;

// What later drafts dropped stays known where later schemas still use it and its meaning is plain.
constexpr SchemaKeywordFacts kFacts[kNumSchemaKeywords] = {
    {"$schema"},
    {"id", kNone, Draft::k3, Draft::k4},
    {"$id", kNone, Draft::k6},
    {"$anchor", kNone, Draft::k2019},
    {"$dynamicAnchor", kNone, Draft::k2020},
    {"$recursiveAnchor", kNone, Draft::k2019},
    {"$ref"},
    {"$dynamicRef", kNone, Draft::k2020},
    {"$recursiveRef", kNone, Draft::k2019},
    {"$defs", kNamed},
    {"definitions", kNamed},
    {"type"},
    {"enum"},
    {"const", kNone, Draft::k6},
    {"nullable"},
    {"multipleOf", kNone, Draft::k4},
    {"divisibleBy", kNone, Draft::k3, Draft::k3},
    {"minimum"},
    {"maximum"},
    {"exclusiveMinimum"},
    {"exclusiveMaximum"},
    {"minLength"},
    {"maxLength"},
    {"pattern"},
    {"format"},
    {"prefixItems", kSeveral, Draft::k2020},
    {"items", kEither},
    {"additionalItems", kOne},
    {"contains", kOne, Draft::k6},
    {"minContains", kNone, Draft::k2019},
    {"maxContains", kNone, Draft::k2019},
    {"minItems"},
    {"maxItems"},
    {"uniqueItems"},
    {"unevaluatedItems", kOne, Draft::k2019},
    {"properties", kNamed},
    {"patternProperties", kNamed},
    {"additionalProperties", kOne},
    {"propertyNames", kOne, Draft::k6},
    {"required"},
    {"minProperties", kNone, Draft::k4},
    {"maxProperties", kNone, Draft::k4},
    {"dependencies", kNamedAny},
    {"dependentRequired", kNone, Draft::k2019},
    {"dependentSchemas", kNamed, Draft::k2019},
    {"unevaluatedProperties", kOne, Draft::k2019},
    {"allOf", kSeveral, Draft::k4},
    {"anyOf", kSeveral, Draft::k4},
    {"oneOf", kSeveral, Draft::k4},
    {"not", kOne, Draft::k4},
    {"if", kOne, Draft::k7},
    {"then", kOne, Draft::k7},
    {"else", kOne, Draft::k7},
    {"extends", kEither, Draft::k3, Draft::k3},
    {"disallow", kNone, Draft::k3, Draft::k3},
};

constexpr size_t kSlots = 256;  // a power of two, mostly free

constexpr size_t SlotOf(std::string_view name) {
  uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return (hash ^ (hash >> 15)) % kSlots;
}

// Index of a keyword + 1; 0 is free. A taken slot sends its name to the next one.
constexpr std::array<uint8_t, kSlots> MakeTable() {
  std::array<uint8_t, kSlots> table{};
  for (size_t i = 0; i < kNumSchemaKeywords; ++i) {
    size_t slot = SlotOf(kFacts[i].name);
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<uint8_t>(i + 1);
  }
  return table;
}
constexpr std::array<uint8_t, kSlots> kTable = MakeTable();
constexpr size_t kLongestName = 21;  // unevaluatedProperties

}  // namespace

const SchemaKeywordFacts& FactsOf(SchemaKeyword keyword) { return kFacts[static_cast<size_t>(keyword)]; }

std::optional<SchemaKeyword> FindSchemaKeyword(std::string_view name) {
  if (name.size() > kLongestName) return std::nullopt;
  for (size_t slot = SlotOf(name); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    if (kFacts[kTable[slot] - 1].name == name) return static_cast<SchemaKeyword>(kTable[slot] - 1);
  }
  return std::nullopt;
}

std::optional<SchemaDraft> DraftOf(std::string_view schema_uri) {
  static constexpr std::pair<std::string_view, SchemaDraft> kDrafts[] = {
      {"draft-03", Draft::k3},         {"draft-04", Draft::k4},         {"draft-05", Draft::k4},
      {"draft-06", Draft::k6},         {"draft-07", Draft::k7},         {"draft-08", Draft::k2019},
      {"draft/2019-09", Draft::k2019}, {"draft/2020-12", Draft::k2020},
  };
  while (schema_uri.ends_with('#')) schema_uri.remove_suffix(1);
  if (schema_uri == "https://spec.openapis.org/oas/3.1/dialect/base")
    return Draft::k2020;  // which only adds annotations
  for (const std::string_view scheme : {"http://json-schema.org/", "https://json-schema.org/"}) {
    if (!schema_uri.starts_with(scheme)) continue;
    const std::string_view path = schema_uri.substr(scheme.size());
    if (path == "schema") return Draft::k2020;  // "the latest"
    for (const auto& [name, draft] : kDrafts) {
      if (!path.starts_with(name)) continue;
      const std::string_view rest = path.substr(name.size());
      if (rest == "/schema" || rest == "/hyper-schema") return draft;  // links say nothing about values
    }
  }
  return std::nullopt;
}

}  // namespace atelier
