#include "engine/grammar/json_scalars.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/grammar/formats.h"

namespace atelier {
namespace {

// The boolean operations that a schema's in-place keywords need, over bits, number sets and languages alike.
struct BitAlgebra {
  using Set = bool;
  static bool And(bool a, bool b) { return a && b; }
  static bool Or(bool a, bool b) { return a || b; }
  static bool Not(bool a) { return !a; }
  static bool Nothing() { return false; }
  static bool Everything() { return true; }
};

struct NumberAlgebra {
  using Set = NumberSides;
  static Set And(const Set& a, const Set& b) { return a.And(b); }
  static Set Or(const Set& a, const Set& b) { return a.Or(b); }
  static Set Not(const Set& a) { return a.Not(); }
  static Set Nothing() { return {NumberSet::Nothing()}; }
  static Set Everything() { return {NumberSet::Everything()}; }
};

// Of what is no regular language both sides are followed: `within` has the wanted strings alone, `around` all of them.
struct StringAlgebra {
  using Set = FormatBounds;
  Languages* languages;
  Set And(Set a, Set b) const {
    return Both(a, b, [this](LanguageId x, LanguageId y) { return languages->And(std::array{x, y}); });
  }
  Set Or(Set a, Set b) const {
    return Both(a, b, [this](LanguageId x, LanguageId y) { return languages->Or(std::array{x, y}); });
  }
  Set Not(Set a) const {
    const LanguageId within = languages->Not(a.around);
    return {within, a.within == a.around ? within : languages->Not(a.within)};
  }
  static Set Nothing() { return {Languages::kNothing, Languages::kNothing}; }
  static Set Everything() { return {Languages::kAnyText, Languages::kAnyText}; }

 private:
  template <class Join>
  static Set Both(Set a, Set b, Join join) {
    const LanguageId within = join(a.within, b.within);
    const bool exact = a.within == a.around && b.within == b.around;
    return {within, exact ? within : join(a.around, b.around)};
  }
};

// own ∩ what the node's in-place keywords say; `of` gives the set of one subschema.
template <class Algebra, class Of>
typename Algebra::Set Combine(const Algebra& algebra, const SchemaNode& node, typename Algebra::Set set, Of of) {
  if (node.ref != nullptr) set = algebra.And(set, of(node.ref));
  for (const SchemaNode* part : node.all_of) set = algebra.And(set, of(part));
  if (!node.any_of.empty()) {
    auto any = algebra.Nothing();
    for (const SchemaNode* part : node.any_of) any = algebra.Or(any, of(part));
    set = algebra.And(set, any);
  }
  if (!node.one_of.empty()) {
    auto none = algebra.Everything();
    auto one = algebra.Nothing();
    for (const SchemaNode* part : node.one_of) {
      const auto here = of(part);
      const auto not_here = algebra.Not(here);
      one = algebra.Or(algebra.And(one, not_here), algebra.And(none, here));
      none = algebra.And(none, not_here);
    }
    set = algebra.And(set, one);
  }
  if (node.not_schema != nullptr) set = algebra.And(set, algebra.Not(of(node.not_schema)));
  if (node.if_schema != nullptr && (node.then_schema != nullptr || node.else_schema != nullptr)) {
    const auto when = of(node.if_schema);
    const auto then = node.then_schema == nullptr ? algebra.Everything() : of(node.then_schema);
    const auto otherwise = node.else_schema == nullptr ? algebra.Everything() : of(node.else_schema);
    set = algebra.And(set, algebra.Or(algebra.And(when, then), algebra.And(algebra.Not(when), otherwise)));
  }
  return set;
}

bool Among(const std::optional<std::vector<Json>>& values, const Json& value) {
  return !values || std::ranges::any_of(*values, [&](const Json& each) { return each == value; });
}

}  // namespace

bool ScalarForms::Accepts(SchemaLiteral literal, const Json& value) {
  return AcceptsNode(*literal.node, value) == literal.positive;
}

bool ScalarForms::AcceptsNode(const SchemaNode& node, const Json& value) {
  const SchemaDepth depth(*goals_, node, depth_);
  if (!depth.ok() || node.never) return false;
  const uint8_t type = value.is_null() ? kSchemaNull : kSchemaBoolean;
  if ((node.types & type) == 0 || !Among(node.enum_values, value)) return false;
  if (node.const_value && !(*node.const_value == value)) return false;
  return Combine(BitAlgebra{}, node, true, [&](const SchemaNode* part) { return AcceptsNode(*part, value); });
}

const NumberSides& ScalarForms::Numbers(SchemaLiteral literal) {
  if (const auto found = numbers_.find(literal); found != numbers_.end()) return found->second;
  NumberSides set = literal.positive ? NumbersOfNode(*literal.node) : Numbers(literal.Not()).Not();
  if (set.over_budget()) goals_->Refuse(*literal.node, "multipleOf", "got a combination of bounds and units too large");
  return numbers_.emplace(literal, std::move(set)).first->second;
}

NumberSides ScalarForms::OwnNumbers(const SchemaNode& node) {
  if (node.never || (node.types & (kSchemaNumber | kSchemaInteger)) == 0) return NumberAlgebra::Nothing();
  NumberSet set = (node.types & kSchemaNumber) != 0 ? NumberSet::Everything() : NumberSet::Integers();
  for (const auto* values : {&node.enum_values}) {
    if (!*values) continue;
    std::vector<Decimal> numbers;
    for (const Json& value : **values) {
      if (!value.is_number()) continue;
      if (auto number = Decimal::Parse(value.NumberText())) numbers.push_back(std::move(*number));
    }
    set = set.And(NumberSet::Values(std::move(numbers)));
  }
  if (node.const_value) {
    const auto number = node.const_value->is_number() ? Decimal::Parse(node.const_value->NumberText()) : std::nullopt;
    set = set.And(number ? NumberSet::Values({*number}) : NumberSet::Nothing());
  }
  if (node.multiple_of) set = set.And(NumberSet::MultiplesOf(*node.multiple_of));
  if (node.minimum) set = set.And(NumberSet::Above({*node.minimum, false}));
  if (node.exclusive_minimum) set = set.And(NumberSet::Above({*node.exclusive_minimum, true}));
  if (node.maximum) set = set.And(NumberSet::Below({*node.maximum, false}));
  if (node.exclusive_maximum) set = set.And(NumberSet::Below({*node.exclusive_maximum, true}));
  if (node.whole_integers && (node.types & kSchemaNumber) == 0) return {std::move(set), NumberSet::Nothing()};
  return {std::move(set)};
}

NumberSides ScalarForms::NumbersOfNode(const SchemaNode& node) {
  const SchemaDepth depth(*goals_, node, depth_);
  if (!depth.ok()) return NumberAlgebra::Nothing();
  NumberSides own = OwnNumbers(node);
  if (own.IsNothing()) return own;
  return Combine(NumberAlgebra{}, node, std::move(own), [&](const SchemaNode* part) { return Numbers({part, true}); });
}

LanguageId ScalarForms::Strings(SchemaLiteral literal) {
  const FormatBounds set = StringsOf(*literal.node);
  return literal.positive ? set.within : goals_->languages().Not(set.around);
}

FormatBounds ScalarForms::StringsOf(const SchemaNode& node) {
  if (const auto found = strings_.find(&node); found != strings_.end()) return found->second;
  const FormatBounds set = StringsOfNode(node);
  strings_.emplace(&node, set);
  return set;
}

LanguageId ScalarForms::PatternOf(const SchemaNode& node) {
  const auto pattern = goals_->languages().Pattern(*node.pattern, Languages::Anchoring::kSearched);
  if (pattern) return *pattern;
  goals_->Refuse(node, "pattern", pattern.error().Message());
  return Languages::kNothing;
}

FormatBounds ScalarForms::OwnStrings(const SchemaNode& node) {
  Languages& languages = goals_->languages();
  if (node.never || (node.types & kSchemaString) == 0) return StringAlgebra::Nothing();
  std::vector<LanguageId> parts;
  if (node.enum_values) {
    std::vector<std::string> words;
    for (const Json& value : *node.enum_values) {
      if (value.is_string()) words.push_back(value.AsString());
    }
    parts.push_back(languages.Words(std::move(words)));
  }
  if (node.const_value) {
    parts.push_back(node.const_value->is_string() ? languages.Literal(node.const_value->AsString())
                                                  : Languages::kNothing);
  }
  if (node.min_length || node.max_length)
    parts.push_back(languages.Chars(node.min_length.value_or(0), node.max_length));
  if (node.pattern) parts.push_back(PatternOf(node));
  FormatBounds own = StringAlgebra::Everything();
  if (node.format && goals_->formats()) {
    const auto format = FormatLanguages(languages, *node.format, goals_->all_spellings());
    if (!format) goals_->Refuse(node, "format", format.error().Message());
    if (format) own = *format;
  }
  const LanguageId others = languages.And(parts);
  return StringAlgebra{&languages}.And({others, others}, own);
}

FormatBounds ScalarForms::StringsOfNode(const SchemaNode& node) {
  const SchemaDepth depth(*goals_, node, depth_);
  if (!depth.ok()) return StringAlgebra::Nothing();
  const FormatBounds own = OwnStrings(node);
  if (own.around == Languages::kNothing) return own;
  return Combine(StringAlgebra{&goals_->languages()}, node, own,
                 [&](const SchemaNode* part) { return StringsOf(*part); });
}

}  // namespace atelier
