// What a JSON value must be, as the matcher asks it of a value that is about to begin: a Goal is a conjunction of
// schemas and of negated schemas. Goals are closed under everything that happens on the way down: a property that
// several schemas speak of must satisfy all of them, and what `not`, `oneOf` and `if` forbid below becomes a negation
// there.
//
// A goal is answered by type (GoalForm): null, true and false by yes or no; numbers by NumberSides; strings by one
// regular language, for both are closed under and, or and not; arrays and objects by a list of shapes, each a
// conjunction of plain facts, of which the value must satisfy at least one (a disjunctive normal form).
// Forms are made on first use and kept. A shape is made from its goal alone, never from the shapes of the values within
// it, so recursive schemas end here.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text/json_schema.h"
#include "engine/grammar/language.h"
#include "engine/grammar/number_sides.h"

namespace atelier {

using GoalId = int32_t;
inline constexpr GoalId kAnyGoal = 0;    // every value
inline constexpr GoalId kNeverGoal = 1;  // none

// A schema, or that it is not satisfied.
struct SchemaLiteral {
  const SchemaNode* node = nullptr;
  bool positive = true;

  SchemaLiteral Not() const { return {node, !positive}; }
  bool operator==(const SchemaLiteral&) const = default;
  // By ordinals, so that a schema is combined, and refused, alike in every process.
  std::strong_ordering operator<=>(const SchemaLiteral& o) const {
    return node == o.node ? positive <=> o.positive : node->ordinal <=> o.node->ordinal;
  }
};

// What one schema says of an object's members by their names: its `properties`, `patternProperties` and
// `additionalProperties`, of which the last speaks of what the others do not name.
struct MemberRule {
  std::vector<std::pair<std::string, SchemaLiteral>> names;  // sorted
  std::vector<std::string> order;                            // the same names as the schema has them; may be empty
  std::vector<std::pair<LanguageId, SchemaLiteral>> patterns;
  std::optional<SchemaLiteral> others;
  bool annotates = false;  // counts for unevaluatedProperties: it stands in a schema that is satisfied as it is
  bool operator==(const MemberRule&) const = default;
};

// Some member whose name is in `names` has a value that satisfies `value`.
struct MemberDemand {
  LanguageId names = Languages::kAnyText;
  SchemaLiteral value;
  auto operator<=>(const MemberDemand&) const = default;
};

struct ObjectShape {
  std::vector<MemberRule> rules;
  LanguageId names = Languages::kAnyText;  // of all members
  std::vector<std::string> required;       // in the order of the schema, no name twice
  int64_t min = 0, max = INT64_MAX;        // members
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<MemberDemand> demands;
};

// At least `min` and at most `max` of the items from index `from` satisfy `value`.
struct ItemCount {
  SchemaLiteral value;
  int64_t from = 0, min = 0, max = INT64_MAX;
  auto operator<=>(const ItemCount&) const = default;
};

struct ArrayShape {
  std::vector<std::vector<SchemaLiteral>> prefix;  // by index: what the item there must satisfy
  std::vector<SchemaLiteral> rest;                 // what items beyond the prefix must satisfy
  int64_t min = 0, max = INT64_MAX;                // items
  std::vector<ItemCount> counts;
  const SchemaNode* unique = nullptr;  // who says that no two items are equal; null: none does
  int64_t evaluated = 0;               // so many first items count as evaluated (INT64_MAX: all), for unevaluatedItems
  std::vector<const SchemaNode*> evaluating;  // and so do items that satisfy one of these: `contains`
};

struct GoalForm {
  bool null_ok = false, true_ok = false, false_ok = false;
  int32_t numbers = -1;  // index of NumberSides; -1: none
  LanguageId strings = Languages::kNothing;
  std::vector<const ArrayShape*> arrays;
  std::vector<const ObjectShape*> objects;
};

class ScalarForms;
class ObjectForms;
class ArrayForms;

// What the rules of a shape say of the member `name`.
std::vector<SchemaLiteral> LiteralsOfMember(const ObjectShape& shape, const std::string& name, Languages& languages);
bool ContainsText(Languages& languages, LanguageId language, std::string_view text);

// Equal for equal values: members by name, numbers as values.
std::string CanonicalText(const Json& value);

class JsonGoals {
 public:
  // The document and the languages outlive this.
  //   formats        whether `format` is kept, or an annotation
  //   all_spellings  of a format (formats.h)
  JsonGoals(const SchemaDocument& document, Languages& languages, bool formats, bool all_spellings);
  ~JsonGoals();

  GoalId root() const { return root_; }
  GoalId Intern(std::vector<SchemaLiteral> literals);
  std::span<const SchemaLiteral> Literals(GoalId goal) const { return goals_[static_cast<size_t>(goal)].literals; }
  GoalId And(GoalId goal, SchemaLiteral literal);
  // A schema of one value.
  SchemaLiteral Constant(const Json& value) { return Constants(Json::Array({value})); }
  // A schema of these values, an array.
  SchemaLiteral Constants(const Json& values);
  // A schema that is any of these; at least one.
  SchemaLiteral AnyOf(const std::vector<const SchemaNode*>& schemas);
  SchemaLiteral Never() const { return {&never_, true}; }

  const GoalForm& Form(GoalId goal);
  const NumberSides& Numbers(int32_t index) const { return number_sets_[static_cast<size_t>(index)]; }
  // False only where no value satisfies all of these. Does not look inside arrays and objects.
  bool PossibleAtAGlance(std::span<const SchemaLiteral> literals);

  // Why something asked for so far cannot be kept, if it cannot: the first keyword and where it stands.
  const std::optional<Error>& refusal() const { return refusal_; }
  void Refuse(const SchemaNode& node, std::string_view keyword, std::string what);
  // Counts work on combinations of shapes; false once it is more than any schema may take.
  bool Spend(int64_t work) { return (work_ += work) <= kMaxWork; }

  Languages& languages() { return *languages_; }
  ScalarForms& scalars() { return *scalars_; }
  bool formats() const { return formats_; }
  bool all_spellings() const { return all_spellings_; }

 private:
  static constexpr int64_t kMaxWork = 2'000'000;  // some seconds; largest seen: 851,117
  struct Goal {
    std::vector<SchemaLiteral> literals;  // sorted
    std::unique_ptr<GoalForm> form;
    std::optional<bool> possible_at_a_glance;
  };
  GoalForm MakeForm(GoalId goal);
  void AddShapes(std::span<const SchemaLiteral> literals, GoalForm& form);
  int32_t InternNumbers(NumberSides set);
  bool PossibleScalar(std::span<const SchemaLiteral> literals);
  uint8_t TypesOf(SchemaLiteral literal, int depth);

  int32_t next_ordinal_;  // of the schemas made here, after the document's
  Languages* languages_;
  bool formats_, all_spellings_;
  SchemaNode never_;
  std::deque<Goal> goals_;
  std::map<std::vector<SchemaLiteral>, GoalId> goal_ids_;
  GoalId root_ = kAnyGoal;
  std::deque<SchemaNode> constants_;
  std::map<std::string, const SchemaNode*> constant_nodes_;  // by their canonical text
  std::map<std::vector<const SchemaNode*>, SchemaNode> unions_;
  std::deque<NumberSides> number_sets_;
  std::unordered_map<std::string, int32_t> number_ids_;
  std::deque<ObjectShape> object_shapes_;
  std::deque<ArrayShape> array_shapes_;
  std::optional<Error> refusal_;
  int64_t work_ = 0;
  std::unique_ptr<ScalarForms> scalars_;
  std::unique_ptr<ObjectForms> objects_;
  std::unique_ptr<ArrayForms> arrays_;
};

// Counts how deep in-place keywords lie within each other; a schema that applies itself in place without end is
// refused.
class SchemaDepth {
 public:
  SchemaDepth(JsonGoals& goals, const SchemaNode& node, int& depth);
  ~SchemaDepth() { --*depth_; }
  SchemaDepth(const SchemaDepth&) = delete;
  SchemaDepth& operator=(const SchemaDepth&) = delete;
  bool ok() const { return ok_; }

 private:
  int* depth_;
  bool ok_;
};

}  // namespace atelier
