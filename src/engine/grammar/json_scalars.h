// What schemas say of null, booleans, numbers and strings: sets that are closed under and, or and not, so that every
// combination of schemas is answered exactly. A format that no regular language has is kept from both sides
// (formats.h): strings are then some that satisfy the schema, never one that does not.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>

#include "engine/grammar/formats.h"
#include "engine/grammar/json_goal.h"

namespace atelier {

class ScalarForms {
 public:
  explicit ScalarForms(JsonGoals& goals) : goals_(&goals) {}

  // Whether `value`, which is null or a boolean, satisfies the schema.
  bool Accepts(SchemaLiteral literal, const Json& value);
  const NumberSides& Numbers(SchemaLiteral literal);
  LanguageId Strings(SchemaLiteral literal);

 private:
  bool AcceptsNode(const SchemaNode& node, const Json& value);
  NumberSides NumbersOfNode(const SchemaNode& node);
  NumberSides OwnNumbers(const SchemaNode& node);
  FormatBounds StringsOf(const SchemaNode& node);
  FormatBounds StringsOfNode(const SchemaNode& node);
  FormatBounds OwnStrings(const SchemaNode& node);
  LanguageId PatternOf(const SchemaNode& node);

  JsonGoals* goals_;
  std::map<SchemaLiteral, NumberSides> numbers_;
  std::unordered_map<const SchemaNode*, FormatBounds> strings_;
  int depth_ = 0;
};

}  // namespace atelier
