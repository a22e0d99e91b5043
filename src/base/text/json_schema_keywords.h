// The keywords of JSON Schema, of all drafts that are read: what each holds, and which drafts know it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace atelier {

enum class SchemaDraft : uint8_t { k3, k4, k6, k7, k2019, k2020 };

// In the order of the table in json_schema_keywords.cc.
enum class SchemaKeyword : uint8_t {
  kSchema,
  kOldId,
  kId,
  kAnchor,
  kDynamicAnchor,
  kRecursiveAnchor,
  kRef,
  kDynamicRef,
  kRecursiveRef,
  kDefs,
  kDefinitions,
  kType,
  kEnum,
  kConst,
  kNullable,
  kMultipleOf,
  kDivisibleBy,
  kMinimum,
  kMaximum,
  kExclusiveMinimum,
  kExclusiveMaximum,
  kMinLength,
  kMaxLength,
  kPattern,
  kFormat,
  kPrefixItems,
  kItems,
  kAdditionalItems,
  kContains,
  kMinContains,
  kMaxContains,
  kMinItems,
  kMaxItems,
  kUniqueItems,
  kUnevaluatedItems,
  kProperties,
  kPatternProperties,
  kAdditionalProperties,
  kPropertyNames,
  kRequired,
  kMinProperties,
  kMaxProperties,
  kDependencies,
  kDependentRequired,
  kDependentSchemas,
  kUnevaluatedProperties,
  kAllOf,
  kAnyOf,
  kOneOf,
  kNot,
  kIf,
  kThen,
  kElse,
  kExtends,
  kDisallow,
};
inline constexpr size_t kNumSchemaKeywords = static_cast<size_t>(SchemaKeyword::kDisallow) + 1;

// Where a keyword's value holds schemas.
enum class SchemaShape : uint8_t {
  kNone,
  kOne,       // the value is a schema
  kSeveral,   // an array of schemas
  kEither,    // a schema or an array of schemas
  kNamed,     // an object of schemas
  kNamedAny,  // an object of schemas and other things (`dependencies`)
};

struct SchemaKeywordFacts {
  std::string_view name;
  SchemaShape shape = SchemaShape::kNone;
  SchemaDraft since = SchemaDraft::k3;
  SchemaDraft until = SchemaDraft::k2020;
};

const SchemaKeywordFacts& FactsOf(SchemaKeyword keyword);

// Nothing for a name that no draft knows.   COST: one look into a table.
std::optional<SchemaKeyword> FindSchemaKeyword(std::string_view name);

// The draft that a `$schema` names; nothing where it names none that is known.
std::optional<SchemaDraft> DraftOf(std::string_view schema_uri);

}  // namespace atelier
