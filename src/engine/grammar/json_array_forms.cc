#include <algorithm>
#include <string>
#include <utility>

#include "engine/grammar/json_shape_forms.h"

namespace atelier {
namespace {

void Grow(ArrayShape& shape, size_t size) {
  while (shape.prefix.size() < size) shape.prefix.push_back(shape.rest);
}

ArrayShape ItemIs(int64_t index, SchemaLiteral literal) {
  ArrayShape shape;
  shape.prefix.resize(static_cast<size_t>(index) + 1);
  shape.prefix.back() = {literal};
  shape.min = index + 1;
  return shape;
}

ArrayShape SizeAtLeast(int64_t min) {
  ArrayShape shape;
  shape.min = min;
  return shape;
}

ArrayShape SizeAtMost(int64_t max) {
  ArrayShape shape;
  shape.max = max;
  return shape;
}

ArrayShape Counted(ItemCount count) {
  ArrayShape shape;
  if (count.max == 0) {  // none is: every item is not
    for (int64_t i = 0; i < count.from; ++i) shape.prefix.emplace_back();
    shape.rest = {count.value.Not()};
  } else {
    shape.counts = {count};
  }
  return shape;
}

bool IsTrivial(const SchemaNode& node) { return node.HasNoKeyword(); }

}  // namespace

ArrayShape ArrayForms::Constant(const Json& value) {
  ArrayShape shape;
  for (const Json& item : value.items()) shape.prefix.push_back({goals_->Constant(item)});
  shape.min = shape.max = value.size();
  return shape;
}

ArrayForms::List ArrayForms::NotConstant(const Json& value) {
  List list = {SizeAtLeast(value.size() + 1)};
  if (!value.empty()) list.push_back(SizeAtMost(value.size() - 1));
  for (int64_t i = 0; i < value.size(); ++i) list.push_back(ItemIs(i, goals_->Constant(value[i]).Not()));
  return list;
}

ArrayForms::List ArrayForms::Own(const SchemaNode& node) {
  if (node.never || (node.types & kSchemaArray) == 0) return {};
  ArrayShape shape;
  for (const SchemaNode* item : node.prefix_items) shape.prefix.push_back({{item, true}});
  if (node.items != nullptr && !IsTrivial(*node.items)) shape.rest = {{node.items, true}};
  shape.evaluated = node.items != nullptr ? INT64_MAX : static_cast<int64_t>(node.prefix_items.size());
  shape.min = node.min_items.value_or(0);
  shape.max = node.max_items.value_or(INT64_MAX);
  shape.unique = node.unique_items ? &node : nullptr;
  List list = {std::move(shape)};
  if (node.contains != nullptr) {
    ItemCount count{{node.contains, true}, 0, node.min_contains.value_or(1), node.max_contains.value_or(INT64_MAX)};
    if (count.min > count.max) return {};
    if (count.min > 0 || count.max != INT64_MAX || disjoint()) list = Product(list, {Counted(count)});
    if (node.contains_evaluates && disjoint()) {
      for (ArrayShape& each : list) each.evaluating.push_back(node.contains);
    }
  }
  for (const auto* values : {&node.enum_values}) {
    if (!*values) continue;
    List constants;
    for (const Json& value : **values) {
      if (value.is_array()) constants.push_back(Constant(value));
    }
    list = Product(list, constants);
  }
  if (node.const_value) list = node.const_value->is_array() ? Product(list, {Constant(*node.const_value)}) : List{};
  return list;
}

ArrayForms::List ArrayForms::OwnViolated(const SchemaNode& node) {
  if ((node.types & kSchemaArray) == 0) return {ArrayShape{}};
  List list;
  const auto index = [](size_t i) { return static_cast<int64_t>(i); };
  for (size_t i = 0; i < node.prefix_items.size(); ++i) {
    if (!IsTrivial(*node.prefix_items[i])) list.push_back(ItemIs(index(i), {node.prefix_items[i], false}));
  }
  if (node.items != nullptr && !IsTrivial(*node.items)) {
    list.push_back(Counted({{node.items, false}, index(node.prefix_items.size()), 1, INT64_MAX}));
  }
  if (node.contains != nullptr) {
    const int64_t min = node.min_contains.value_or(1);
    if (min > 0) list.push_back(Counted({{node.contains, true}, 0, 0, min - 1}));
    if (node.max_contains) list.push_back(Counted({{node.contains, true}, 0, *node.max_contains + 1, INT64_MAX}));
  }
  if (node.min_items && *node.min_items > 0) list.push_back(SizeAtMost(*node.min_items - 1));
  if (node.max_items) list.push_back(SizeAtLeast(*node.max_items + 1));
  if (node.unique_items) goals_->Refuse(node, "uniqueItems", "got it where it must not hold (under not, oneOf or if)");
  const auto violate = [&](const std::vector<Json>& values) {
    List none = {ArrayShape{}};
    for (const Json& value : values) {
      if (value.is_array()) none = Product(none, NotConstant(value));
    }
    Append(list, none);
  };
  if (node.enum_values) violate(*node.enum_values);
  if (node.const_value) violate({*node.const_value});
  return list;
}

std::optional<ArrayShape> ArrayForms::Merge(const ArrayShape& a, const ArrayShape& b) const {
  ArrayShape both = a;
  ArrayShape other = b;
  Grow(both, other.prefix.size());
  Grow(other, both.prefix.size());
  const auto add = [](std::vector<SchemaLiteral>& to, const std::vector<SchemaLiteral>& from) {
    for (const SchemaLiteral& literal : from) {
      if (std::ranges::find(to, literal) == to.end()) to.push_back(literal);
    }
  };
  for (size_t i = 0; i < both.prefix.size(); ++i) add(both.prefix[i], other.prefix[i]);
  add(both.rest, other.rest);
  both.min = std::max(a.min, b.min);
  both.max = std::min(a.max, b.max);
  both.unique = a.unique != nullptr ? a.unique : b.unique;
  both.evaluated = std::max(a.evaluated, b.evaluated);
  for (const SchemaNode* schema : b.evaluating) {
    if (std::ranges::find(both.evaluating, schema) == both.evaluating.end()) both.evaluating.push_back(schema);
  }
  for (const ItemCount& count : b.counts) {
    if (std::ranges::find(both.counts, count) == both.counts.end()) both.counts.push_back(count);
  }
  for (const ItemCount& count : both.counts) both.min = std::max(both.min, count.from + count.min);
  // Items that cannot be end the array before them.
  for (size_t i = 0; i < both.prefix.size(); ++i) {
    if (!goals_->PossibleAtAGlance(both.prefix[i])) both.max = std::min(both.max, static_cast<int64_t>(i));
  }
  if (!goals_->PossibleAtAGlance(both.rest)) both.max = std::min(both.max, static_cast<int64_t>(both.prefix.size()));
  if (both.min > both.max) return std::nullopt;
  return both;
}

// What unevaluatedItems asks of an item that no keyword of its place evaluates: that some `contains` does, or that it
// satisfies the keyword's schema.
SchemaLiteral ArrayForms::Allowed(const SchemaNode& node, const ArrayShape& shape) const {
  std::vector<const SchemaNode*> any = shape.evaluating;
  any.push_back(node.unevaluated_items);
  return goals_->AnyOf(any);
}

void ArrayForms::AddUnevaluated(const SchemaNode& node, List& list) {
  if (node.unevaluated_items == nullptr || IsTrivial(*node.unevaluated_items)) {
    if (node.unevaluated_items != nullptr) {
      for (ArrayShape& shape : list) shape.evaluated = INT64_MAX;
    }
    return;
  }
  List all;
  for (ArrayShape& shape : list) {
    if (shape.evaluated != INT64_MAX) {
      ArrayShape rest;
      rest.prefix.resize(static_cast<size_t>(shape.evaluated));
      rest.rest = {Allowed(node, shape)};
      rest.evaluated = INT64_MAX;
      if (auto both = Merge(shape, rest)) all.push_back(std::move(*both));
    } else {
      all.push_back(std::move(shape));
    }
  }
  list = std::move(all);
}

void ArrayForms::ViolateUnevaluated(const SchemaNode& node, List& list) {
  List all;
  for (const ArrayShape& shape : list) {
    if (node.unevaluated_items == nullptr || IsTrivial(*node.unevaluated_items)) break;
    if (shape.evaluated == INT64_MAX) continue;
    if (auto both = Merge(shape, Counted({Allowed(node, shape).Not(), shape.evaluated, 1, INT64_MAX}))) {
      all.push_back(std::move(*both));
    }
  }
  list = std::move(all);
}

}  // namespace atelier
