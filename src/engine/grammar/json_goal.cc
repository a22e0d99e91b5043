#include "engine/grammar/json_goal.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/grammar/json_scalars.h"
#include "engine/grammar/json_shape_forms.h"

namespace atelier {
namespace {

constexpr int kMaxInPlaceDepth = 200;

bool HasUnevaluated(const SchemaDocument& document) {
  return std::ranges::any_of(document.nodes(), [](const SchemaNode& node) {
    return node.unevaluated_items != nullptr || node.unevaluated_properties != nullptr;
  });
}

uint8_t TypeOf(const Json& value) {
  switch (value.type()) {
    case Json::Type::kNull: return kSchemaNull;
    case Json::Type::kBool: return kSchemaBoolean;
    case Json::Type::kNumber: return kSchemaNumber | kSchemaInteger;
    case Json::Type::kString: return kSchemaString;
    case Json::Type::kArray: return kSchemaArray;
    case Json::Type::kObject: return kSchemaObject;
  }
  return 0;
}

}  // namespace

// One spelling a value: members sorted, numbers shortest.
std::string CanonicalText(const Json& value) {
  if (value.is_number()) {
    const auto number = Decimal::Parse(value.NumberText());
    return number ? number->Text() : value.NumberText();
  }
  if (value.is_array()) {
    std::string text = "[";
    for (const Json& item : value.items()) text += CanonicalText(item) + ",";
    return text + "]";
  }
  if (value.is_object()) {
    std::vector<std::string> members;
    for (const JsonMember& member : value.members()) {
      members.push_back(Json(member.key).Dump() + ":" + CanonicalText(member.value));
    }
    std::ranges::sort(members);
    std::string text = "{";
    for (const std::string& member : members) text += member + ",";
    return text + "}";
  }
  return value.Dump();
}

bool ContainsText(Languages& languages, LanguageId language, std::string_view text) {
  for (const char c : text) language = languages.Next(language, static_cast<uint8_t>(c));
  return languages.Accepts(language);
}

SchemaDepth::SchemaDepth(JsonGoals& goals, const SchemaNode& node, int& depth)
    : depth_(&depth), ok_(++depth <= kMaxInPlaceDepth) {
  if (!ok_) goals.Refuse(node, "$ref", "got a schema that applies itself in place without end");
}

JsonGoals::JsonGoals(const SchemaDocument& document, Languages& languages, bool formats, bool all_spellings)
    : next_ordinal_(static_cast<int32_t>(document.num_nodes())),
      languages_(&languages),
      formats_(formats),
      all_spellings_(all_spellings),
      scalars_(std::make_unique<ScalarForms>(*this)),
      objects_(std::make_unique<ObjectForms>(*this, HasUnevaluated(document))),
      arrays_(std::make_unique<ArrayForms>(*this, HasUnevaluated(document))) {
  never_.never = true;
  never_.ordinal = next_ordinal_++;
  CHECK(Intern({}) == kAnyGoal);
  goals_.push_back({{Never()}, nullptr, false});
  goal_ids_.emplace(goals_.back().literals, kNeverGoal);
  root_ = Intern({{&document.root(), true}});
}

JsonGoals::~JsonGoals() = default;

GoalId JsonGoals::Intern(std::vector<SchemaLiteral> literals) {
  std::ranges::sort(literals);
  const auto repeated = std::ranges::unique(literals);
  literals.erase(repeated.begin(), repeated.end());
  std::erase_if(literals, [](SchemaLiteral l) { return l.positive ? l.node->HasNoKeyword() : l.node->never; });
  for (size_t i = 0; i < literals.size(); ++i) {
    const SchemaLiteral l = literals[i];
    if (l.positive ? l.node->never : l.node->HasNoKeyword()) return kNeverGoal;
    if (i > 0 && literals[i - 1].node == l.node) return kNeverGoal;  // it and its negation
  }
  const auto [at, added] = goal_ids_.try_emplace(literals, static_cast<GoalId>(goals_.size()));
  if (added) goals_.push_back({std::move(literals), nullptr, {}});
  return at->second;
}

GoalId JsonGoals::And(GoalId goal, SchemaLiteral literal) {
  if (goal == kNeverGoal) return kNeverGoal;
  std::vector<SchemaLiteral> literals = goals_[static_cast<size_t>(goal)].literals;
  literals.push_back(literal);
  return Intern(std::move(literals));
}

SchemaLiteral JsonGoals::Constants(const Json& values) {
  const auto [at, added] = constant_nodes_.try_emplace(CanonicalText(values), nullptr);
  if (added) {
    SchemaNode& node = constants_.emplace_back();
    node.ordinal = next_ordinal_++;
    node.path = "(values of enum or const)";
    node.enum_values = std::vector<Json>(values.items().begin(), values.items().end());
    node.types = 0;
    for (const Json& value : values.items()) node.types |= TypeOf(value);
    at->second = &node;
  }
  return {at->second, true};
}

SchemaLiteral JsonGoals::AnyOf(const std::vector<const SchemaNode*>& schemas) {
  if (schemas.size() == 1) return {schemas[0], true};
  const auto [at, added] = unions_.try_emplace(schemas);
  if (added) {
    at->second.ordinal = next_ordinal_++;
    at->second.path = schemas.back()->path;
    at->second.any_of = schemas;
  }
  return {&at->second, true};
}

void JsonGoals::Refuse(const SchemaNode& node, std::string_view keyword, std::string what) {
  if (!refusal_) refusal_ = Error::Unsupported(node.path + "/" + std::string(keyword), std::move(what));
}

const GoalForm& JsonGoals::Form(GoalId goal) {
  if (goals_[static_cast<size_t>(goal)].form == nullptr) {
    auto form = std::make_unique<GoalForm>(MakeForm(goal));
    goals_[static_cast<size_t>(goal)].form = std::move(form);
  }
  return *goals_[static_cast<size_t>(goal)].form;
}

int32_t JsonGoals::InternNumbers(NumberSides sides) {
  NumberSides set = sides.Apart();
  if (set.over_budget() || set.IsNothing()) return -1;  // the former was refused
  const auto [at, added] = number_ids_.try_emplace(set.Key(), static_cast<int32_t>(number_sets_.size()));
  if (added) number_sets_.push_back(std::move(set));
  return at->second;
}

GoalForm JsonGoals::MakeForm(GoalId goal) {
  const std::vector<SchemaLiteral> literals = goals_[static_cast<size_t>(goal)].literals;
  GoalForm form;
  const auto all = [&](const Json& value) {
    return std::ranges::all_of(literals, [&](SchemaLiteral l) { return scalars_->Accepts(l, value); });
  };
  form.null_ok = all(Json());
  form.true_ok = all(Json(true));
  form.false_ok = all(Json(false));
  NumberSides numbers{NumberSet::Everything()};
  std::vector<LanguageId> strings;
  for (const SchemaLiteral literal : literals) {
    numbers = numbers.And(scalars_->Numbers(literal));
    strings.push_back(scalars_->Strings(literal));
  }
  if (numbers.over_budget()) Refuse(*literals[0].node, "multipleOf", "got a combination of bounds and units too large");
  form.numbers = InternNumbers(std::move(numbers));
  form.strings = strings.empty() ? Languages::kAnyText : languages_->And(strings);
  if (languages_->IsNothing(form.strings)) form.strings = Languages::kNothing;
  AddShapes(literals, form);
  return form;
}

void JsonGoals::AddShapes(std::span<const SchemaLiteral> literals, GoalForm& form) {
  std::vector<ObjectShape> objects = {ObjectShape{}};
  std::vector<ArrayShape> arrays = {ArrayShape{}};
  bool first = true;
  for (const SchemaLiteral literal : literals) {
    objects = first ? objects_->Of(literal) : objects_->Product(objects, objects_->Of(literal));
    arrays = first ? arrays_->Of(literal) : arrays_->Product(arrays, arrays_->Of(literal));
    first = false;
  }
  if (objects_->too_many() || arrays_->too_many() || objects.size() > kMaxShapes || arrays.size() > kMaxShapes) {
    Refuse(*literals[0].node, "allOf", "got too many combinations of alternatives");
    return;
  }
  for (ObjectShape& shape : objects) form.objects.push_back(&object_shapes_.emplace_back(std::move(shape)));
  for (ArrayShape& shape : arrays) form.arrays.push_back(&array_shapes_.emplace_back(std::move(shape)));
}

uint8_t JsonGoals::TypesOf(SchemaLiteral literal, int depth) {
  const SchemaNode& node = *literal.node;
  if (!literal.positive || depth > kMaxInPlaceDepth) return kSchemaAnyType;
  if (node.never) return 0;
  uint8_t types = node.types;
  if (node.enum_values) {
    uint8_t listed = 0;
    for (const Json& value : *node.enum_values) listed |= TypeOf(value);
    types &= listed;
  }
  const auto of = [&](const SchemaNode* part) { return TypesOf({part, true}, depth + 1); };
  if (node.ref != nullptr) types &= of(node.ref);
  for (const SchemaNode* part : node.all_of) types &= of(part);
  for (const auto* parts : {&node.any_of, &node.one_of}) {
    uint8_t any = parts->empty() ? kSchemaAnyType : 0;
    for (const SchemaNode* part : *parts) any |= of(part);
    types &= any;
  }
  return types;
}

bool JsonGoals::PossibleScalar(std::span<const SchemaLiteral> literals) {
  for (const Json& value : {Json(), Json(true), Json(false)}) {
    if (std::ranges::all_of(literals, [&](SchemaLiteral l) { return scalars_->Accepts(l, value); })) return true;
  }
  NumberSides numbers{NumberSet::Everything()};
  std::vector<LanguageId> strings;
  for (const SchemaLiteral literal : literals) {
    numbers = numbers.And(scalars_->Numbers(literal));
    strings.push_back(scalars_->Strings(literal));
  }
  return !numbers.IsNothing() || !languages_->IsNothing(languages_->And(strings));
}

bool JsonGoals::PossibleAtAGlance(std::span<const SchemaLiteral> literals) {
  const GoalId goal = Intern({literals.begin(), literals.end()});
  Goal& known = goals_[static_cast<size_t>(goal)];
  if (goal == kNeverGoal || known.literals.size() < 2) return goal != kNeverGoal;
  if (!known.possible_at_a_glance) {
    uint8_t types = kSchemaAnyType;
    for (const SchemaLiteral literal : known.literals) types &= TypesOf(literal, 0);
    known.possible_at_a_glance =
        (types & (kSchemaArray | kSchemaObject)) != 0 || (types != 0 && PossibleScalar(known.literals));
  }
  return *known.possible_at_a_glance;
}

}  // namespace atelier
