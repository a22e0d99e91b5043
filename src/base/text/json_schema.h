// A JSON Schema [draft 2020-12], read once: every keyword checked, every reference resolved. Two readers share this
// form and nothing else: the validator (json_schema_validator.h) and the grammar that constrains generation
// (engine/grammar/json_*), so that each can be tested against the other.
//
// What older drafts and OpenAPI spell otherwise is mapped while reading: `definitions`, `items` as an array with
// `additionalItems`, `dependencies`, boolean `exclusiveMinimum`, `id`, `nullable`; keywords beside a `$ref` are left
// out where `$schema` names draft 7 or older, as these drafts say. `$dynamicRef` is resolved by reading what it may
// reach once for each dynamic scope, so every reference here is a plain pointer.
//
// A SchemaDocument is immutable and may be used from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text/decimal.h"
#include "base/text/json.h"

namespace atelier {

// Bits of SchemaNode::types.
enum SchemaTypes : uint8_t {
  kSchemaNull = 1,
  kSchemaBoolean = 2,
  kSchemaInteger = 4,  // a number without a fraction, 1.0 included
  kSchemaNumber = 8,   // integers too: `number` sets both bits
  kSchemaString = 16,
  kSchemaArray = 32,
  kSchemaObject = 64,
  kSchemaAnyType = 127,
};

// One schema. A keyword that is absent is a null pointer, nothing, or empty where that means the same.
struct SchemaNode {
  using Ref = const SchemaNode*;  // lives as long as the document
  using Named = std::vector<std::pair<std::string, Ref>>;

  int32_t ordinal = 0;  // no two schemas of a document have the same: an order that does not depend on addresses
  std::string path;     // of the schema in its document, a JSON pointer as a fragment: "#/properties/a"; for messages
  bool never = false;   // the schema `false`. `true` is a node without keywords.

  uint8_t types = kSchemaAnyType;
  bool whole_integers = false;                   // drafts 3 and 4: 1.0 and 1e0 are no integers
  std::optional<std::vector<Json>> enum_values;  // `const` is here too where `enum` is absent
  std::optional<Json> const_value;               // only where both are given

  // Numbers.
  std::optional<Decimal> multiple_of, minimum, maximum, exclusive_minimum, exclusive_maximum;

  // Strings; lengths in code points. All counts here are at most 2^53: larger ones mean the same.
  std::optional<int64_t> min_length, max_length;
  std::optional<std::string> pattern;  // ECMA-262 with the u flag, searched for anywhere
  std::optional<std::string> format;   // one that IsSchemaFormat knows; others are left out, as the specification says

  // Arrays.
  std::vector<Ref> prefix_items;
  Ref items = nullptr;  // of what follows prefix_items
  Ref contains = nullptr;
  std::optional<int64_t> min_contains, max_contains;  // only beside contains
  bool contains_evaluates = true;  // items that match count for unevaluatedItems; not in draft 2019-09
  std::optional<int64_t> min_items, max_items;
  bool unique_items = false;
  Ref unevaluated_items = nullptr;

  // Objects.
  Named properties;          // in the schema's order
  Named pattern_properties;  // pattern, schema
  Ref additional_properties = nullptr;
  Ref property_names = nullptr;
  std::vector<std::string> required;  // no name twice
  std::optional<int64_t> min_properties, max_properties;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  Named dependent_schemas;
  Ref unevaluated_properties = nullptr;

  // In place.
  std::vector<Ref> all_of, any_of, one_of;
  Ref not_schema = nullptr;
  Ref if_schema = nullptr, then_schema = nullptr, else_schema = nullptr;  // then and else only beside if
  Ref ref = nullptr;

  bool HasNoKeyword() const;  // accepts everything
};

// The formats of draft 2020-12 [section 7.3] that are asserted.
bool IsSchemaFormat(std::string_view name);

class SchemaDocument {
 public:
  // Errors name the place as a JSON pointer: "#/properties/a/multipleOf: got 0, want a number above 0".
  //   Invalid      a keyword's value is not what the draft allows; a reference leads nowhere; a schema applies itself
  //                to the same value again, by whatever way, so that no evaluation of it would end
  //   Unsupported  a reference to another document (but the bundled metaschemas of draft 2020-12); a `$schema` that is
  //                no draft, since it may give keywords any meaning
  //   TooLarge     over kMaxSchemaNodes schemas (after dynamic scopes), deeper than Json allows, or over 256 schemas
  //                within each other that apply to one value
  // A keyword that the draft does not know is an annotation, without effect; so is all that the root does not reach.
  static Result<std::shared_ptr<const SchemaDocument>> Parse(const Json& schema);

  const SchemaNode& root() const { return *root_; }
  const std::deque<SchemaNode>& nodes() const { return nodes_; }  // every schema that the root reaches
  int64_t num_nodes() const { return static_cast<int64_t>(nodes_.size()); }

 private:
  friend class SchemaReader;
  std::deque<SchemaNode> nodes_;  // addresses stay
  const SchemaNode* root_ = nullptr;
};

inline constexpr int64_t kMaxSchemaNodes = 200'000;

}  // namespace atelier
