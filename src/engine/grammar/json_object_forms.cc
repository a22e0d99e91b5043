#include <algorithm>
#include <string>
#include <utility>

#include "engine/grammar/json_scalars.h"
#include "engine/grammar/json_shape_forms.h"

namespace atelier {
namespace {

bool IsTrivial(const SchemaNode& node) { return node.HasNoKeyword(); }

ObjectShape Requires(const std::string& name) {
  ObjectShape shape;
  shape.required = {name};
  shape.min = 1;
  return shape;
}

ObjectShape MemberIs(const std::string& name, SchemaLiteral literal) {
  ObjectShape shape = Requires(name);
  shape.rules.push_back({{{name, literal}}, {}, {}, {}, false});
  return shape;
}

ObjectShape Lacks(const std::string& name, SchemaLiteral never) {
  ObjectShape shape;
  shape.rules.push_back({{{name, never}}, {}, {}, {}, false});
  return shape;
}

ObjectShape SizeAtLeast(int64_t min) {
  ObjectShape shape;
  shape.min = min;
  return shape;
}

ObjectShape SizeAtMost(int64_t max) {
  ObjectShape shape;
  shape.max = max;
  return shape;
}

ObjectShape Demands(LanguageId names, SchemaLiteral value) {
  ObjectShape shape;
  shape.demands.push_back({names, value});
  shape.min = 1;
  return shape;
}

// What the rules say of one name, without asking the languages of patterns where the name is listed.
void CollectLiterals(const ObjectShape& shape, const std::string& name, Languages& languages,
                     std::vector<SchemaLiteral>& literals) {
  for (const MemberRule& rule : shape.rules) {
    bool named = false;
    const auto at = std::ranges::lower_bound(rule.names, name, {}, &std::pair<std::string, SchemaLiteral>::first);
    if (at != rule.names.end() && at->first == name) {
      literals.push_back(at->second);
      named = true;
    }
    for (const auto& [pattern, literal] : rule.patterns) {
      if (!ContainsText(languages, pattern, name)) continue;
      literals.push_back(literal);
      named = true;
    }
    if (!named && rule.others) literals.push_back(*rule.others);
  }
}

}  // namespace

std::vector<SchemaLiteral> LiteralsOfMember(const ObjectShape& shape, const std::string& name, Languages& languages) {
  std::vector<SchemaLiteral> literals;
  CollectLiterals(shape, name, languages, literals);
  return literals;
}

ObjectShape ObjectForms::Keywords(const SchemaNode& node) {
  ObjectShape shape;
  MemberRule rule;
  rule.annotates = true;
  for (const auto& [name, schema] : node.properties) {
    rule.names.push_back({name, {schema, true}});
    rule.order.push_back(name);
  }
  std::ranges::sort(rule.names, {}, &std::pair<std::string, SchemaLiteral>::first);
  for (const auto& [pattern, schema] : node.pattern_properties) {
    const auto language = goals_->languages().Pattern(pattern, Languages::Anchoring::kSearched);
    if (!language) {
      goals_->Refuse(node, "patternProperties", language.error().Message());
      continue;
    }
    rule.patterns.push_back({*language, {schema, true}});
  }
  if (node.additional_properties != nullptr) rule.others = SchemaLiteral{node.additional_properties, true};
  if (!rule.names.empty() || !rule.patterns.empty() || rule.others) shape.rules.push_back(std::move(rule));
  if (node.property_names != nullptr) shape.names = goals_->scalars().Strings({node.property_names, true});
  shape.required = node.required;
  shape.min = std::max<int64_t>(node.min_properties.value_or(0), static_cast<int64_t>(node.required.size()));
  shape.max = node.max_properties.value_or(INT64_MAX);
  shape.dependent_required = node.dependent_required;
  return shape;
}

ObjectShape ObjectForms::Constant(const Json& value) {
  ObjectShape shape;
  MemberRule rule;
  for (const JsonMember& member : value.members()) {
    rule.names.push_back({member.key, goals_->Constant(member.value)});
    rule.order.push_back(member.key);
    shape.required.push_back(member.key);
  }
  std::ranges::sort(rule.names, {}, &std::pair<std::string, SchemaLiteral>::first);
  rule.others = goals_->Never();
  shape.rules.push_back(std::move(rule));
  shape.min = shape.max = value.size();
  return shape;
}

ObjectForms::List ObjectForms::NotConstant(const Json& value) {
  List list = {SizeAtLeast(value.size() + 1)};
  for (const JsonMember& member : value.members()) {
    list.push_back(Lacks(member.key, goals_->Never()));
    list.push_back(MemberIs(member.key, goals_->Constant(member.value).Not()));
  }
  return list;
}

ObjectForms::List ObjectForms::Own(const SchemaNode& node) {
  if (node.never || (node.types & kSchemaObject) == 0) return {};
  List list = {Keywords(node)};
  if (!Possible(list[0])) return {};
  for (const auto& [name, schema] : node.dependent_schemas) {
    List choices = Product({Requires(name)}, Of(SchemaLiteral{schema, true}));
    choices.push_back(Lacks(name, goals_->Never()));
    list = Product(list, choices);
  }
  if (node.enum_values) {
    List constants;
    for (const Json& value : *node.enum_values) {
      if (value.is_object()) constants.push_back(Constant(value));
    }
    list = Product(list, constants);
  }
  if (node.const_value) list = node.const_value->is_object() ? Product(list, {Constant(*node.const_value)}) : List{};
  return list;
}

// The names that the node's `properties` and `patternProperties` leave to `additionalProperties`.
LanguageId ObjectForms::OtherNames(const SchemaNode& node) {
  Languages& languages = goals_->languages();
  std::vector<std::string> names;
  for (const auto& [name, schema] : node.properties) names.push_back(name);
  std::vector<LanguageId> parts;
  if (!names.empty()) parts.push_back(languages.Not(languages.Words(std::move(names))));
  for (const auto& [pattern, schema] : node.pattern_properties) {
    const auto language = languages.Pattern(pattern, Languages::Anchoring::kSearched);
    if (language) parts.push_back(languages.Not(*language));
  }
  return parts.empty() ? Languages::kAnyText : languages.And(parts);
}

ObjectForms::List ObjectForms::OwnViolated(const SchemaNode& node) {
  if ((node.types & kSchemaObject) == 0) return {ObjectShape{}};
  List list;
  for (const auto& [name, schema] : node.properties) {
    if (!IsTrivial(*schema)) list.push_back(MemberIs(name, {schema, false}));
  }
  for (const auto& [pattern, schema] : node.pattern_properties) {
    if (IsTrivial(*schema)) continue;
    const auto language = goals_->languages().Pattern(pattern, Languages::Anchoring::kSearched);
    if (language) list.push_back(Demands(*language, {schema, false}));
    if (!language) goals_->Refuse(node, "patternProperties", language.error().Message());
  }
  if (node.additional_properties != nullptr && !IsTrivial(*node.additional_properties)) {
    list.push_back(Demands(OtherNames(node), {node.additional_properties, false}));
  }
  if (node.property_names != nullptr) {
    const LanguageId names = goals_->scalars().Strings({node.property_names, false});
    if (names != Languages::kNothing) list.push_back(Demands(names, goals_->Never().Not()));
  }
  for (const std::string& name : node.required) list.push_back(Lacks(name, goals_->Never()));
  if (node.min_properties && *node.min_properties > 0) list.push_back(SizeAtMost(*node.min_properties - 1));
  if (node.max_properties) list.push_back(SizeAtLeast(*node.max_properties + 1));
  for (const auto& [name, others] : node.dependent_required) {
    for (const std::string& other : others) {
      if (auto both = Merge(Requires(name), Lacks(other, goals_->Never()))) list.push_back(std::move(*both));
    }
  }
  for (const auto& [name, schema] : node.dependent_schemas) {
    Append(list, Product({Requires(name)}, Of(SchemaLiteral{schema, false})));
  }
  const auto violate = [&](const std::vector<Json>& values) {
    List none = {ObjectShape{}};
    for (const Json& value : values) {
      if (value.is_object()) none = Product(none, NotConstant(value));
    }
    Append(list, none);
  };
  if (node.enum_values) violate(*node.enum_values);
  if (node.const_value) violate({*node.const_value});
  return list;
}

bool ObjectForms::Possible(const ObjectShape& shape) const {
  if (shape.min > shape.max || shape.names == Languages::kNothing) return shape.min <= 0 && shape.max >= 0;
  for (const std::string& name : shape.required) {
    if (shape.names != Languages::kAnyText && !ContainsText(goals_->languages(), shape.names, name)) return false;
    if (!goals_->PossibleAtAGlance(LiteralsOfMember(shape, name, goals_->languages()))) return false;
  }
  return true;
}

std::optional<ObjectShape> ObjectForms::Merge(const ObjectShape& a, const ObjectShape& b) const {
  ObjectShape both = a;
  for (const MemberRule& rule : b.rules) {
    if (std::ranges::find(both.rules, rule) == both.rules.end()) both.rules.push_back(rule);
  }
  if (a.names != b.names) both.names = goals_->languages().And(std::array{a.names, b.names});
  for (const std::string& name : b.required) {
    if (std::ranges::find(both.required, name) == both.required.end()) both.required.push_back(name);
  }
  both.max = std::min(a.max, b.max);
  both.min = std::max({a.min, b.min, static_cast<int64_t>(both.required.size())});
  for (const auto& dependency : b.dependent_required) {
    if (std::ranges::find(both.dependent_required, dependency) == both.dependent_required.end()) {
      both.dependent_required.push_back(dependency);
    }
  }
  for (const MemberDemand& demand : b.demands) {
    if (std::ranges::find(both.demands, demand) == both.demands.end()) both.demands.push_back(demand);
  }
  if (!Possible(both)) return std::nullopt;
  return both;
}

// The rule that members which nothing in the shape evaluates have this value; nothing where all are evaluated.
std::optional<MemberRule> ObjectForms::Unevaluated(const ObjectShape& shape, SchemaLiteral value) const {
  MemberRule rule;
  const SchemaLiteral any = goals_->Never().Not();
  for (const MemberRule& seen : shape.rules) {
    if (!seen.annotates) continue;
    if (seen.others) return std::nullopt;
    for (const auto& [name, literal] : seen.names) rule.names.push_back({name, any});
    for (const auto& [pattern, literal] : seen.patterns) rule.patterns.push_back({pattern, any});
  }
  std::ranges::sort(rule.names, {}, &std::pair<std::string, SchemaLiteral>::first);
  rule.others = value;
  rule.annotates = true;
  return rule;
}

void ObjectForms::AddUnevaluated(const SchemaNode& node, List& list) {
  if (node.unevaluated_properties == nullptr) return;
  List all;
  for (ObjectShape& shape : list) {
    auto rule = Unevaluated(shape, {node.unevaluated_properties, true});
    if (!rule) {
      all.push_back(std::move(shape));
      continue;
    }
    ObjectShape rest;
    rest.rules.push_back(std::move(*rule));
    if (auto both = Merge(shape, rest)) all.push_back(std::move(*both));
  }
  list = std::move(all);
}

void ObjectForms::ViolateUnevaluated(const SchemaNode& node, List& list) {
  List all;
  for (ObjectShape& shape : list) {
    if (node.unevaluated_properties == nullptr || IsTrivial(*node.unevaluated_properties)) break;
    const auto rule = Unevaluated(shape, {node.unevaluated_properties, false});
    if (!rule) continue;
    std::vector<std::string> names;
    for (const auto& [name, literal] : rule->names) names.push_back(name);
    std::vector<LanguageId> parts = {goals_->languages().Not(goals_->languages().Words(std::move(names)))};
    for (const auto& [pattern, literal] : rule->patterns) parts.push_back(goals_->languages().Not(pattern));
    if (auto both = Merge(shape, Demands(goals_->languages().And(parts), *rule->others)))
      all.push_back(std::move(*both));
  }
  list = std::move(all);
}

}  // namespace atelier
