// What each keyword asks of a value.
#include <algorithm>
#include <unordered_set>

#include "base/text/formats.h"
#include "base/text/json_schema_evaluation.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

std::string Shown(const Json& value) {
  constexpr size_t kMost = 80;  // bytes
  std::string text = value.Dump();
  if (text.size() <= kMost) return text;
  text.resize(kMost - IncompleteUtf8Tail(std::string_view(text).substr(0, kMost)));
  return text + "…";
}

uint8_t TypeOf(const Json& value) {
  switch (value.type()) {
    case Json::Type::kNull: return kSchemaNull;
    case Json::Type::kBool: return kSchemaBoolean;
    case Json::Type::kNumber: return kSchemaNumber;
    case Json::Type::kString: return kSchemaString;
    case Json::Type::kArray: return kSchemaArray;
    case Json::Type::kObject: return kSchemaObject;
  }
  return 0;
}

std::string TypeNames(uint8_t types) {
  static constexpr std::pair<uint8_t, std::string_view> kNames[] = {
      {kSchemaNull, "null"},          {kSchemaBoolean, "a boolean"}, {kSchemaNumber, "a number"},
      {kSchemaInteger, "an integer"}, {kSchemaString, "a string"},   {kSchemaArray, "an array"},
      {kSchemaObject, "an object"}};
  std::string names;
  for (const auto& [bit, name] : kNames) {
    if ((types & bit) == 0 || (bit == kSchemaInteger && (types & kSchemaNumber))) continue;
    names.append(names.empty() ? "" : " or ").append(name);
  }
  return names;
}

// A text that two values share exactly if they are equal.
void AppendIdentity(std::string& out, const Json& value) {
  if (value.is_number()) {
    const auto number = Decimal::Parse(value.NumberText());
    out += number ? (number->negative() ? "-" : "") + number->digits() + "e" + std::to_string(number->exponent())
                  : value.NumberText();
  } else if (value.is_array()) {
    out += '[';
    for (const Json& item : value.items()) AppendIdentity(out, item), out += ',';
    out += ']';
  } else if (value.is_object()) {
    std::vector<const JsonMember*> members;
    for (const JsonMember& member : value.members()) members.push_back(&member);
    std::ranges::sort(members, {}, &JsonMember::key);
    out += '{';
    for (const JsonMember* member : members) {
      AppendJsonString(out, member->key);
      out += ':';
      AppendIdentity(out, member->value);
      out += ',';
    }
    out += '}';
  } else {
    out += value.Dump();
  }
}

}  // namespace

bool SchemaEvaluation::Types(const SchemaNode& node, const Json& value, Seen*) {
  if (node.types == kSchemaAnyType || (node.types & TypeOf(value)) != 0) return true;
  if (value.is_number() && (node.types & kSchemaInteger) != 0) {
    const std::string_view text = value.NumberText();
    const auto number = Decimal::Parse(text);
    const bool is_whole = text.find_first_of(".eE") == text.npos;
    if (number && number->IsInteger() && (is_whole || !node.whole_integers)) return true;
  }
  return Violates(node, "type", [&] { return "got " + Shown(value) + ", want " + TypeNames(node.types); });
}

bool SchemaEvaluation::Values(const SchemaNode& node, const Json& value, Seen*) {
  if (node.const_value && *node.const_value != value) {
    return Violates(node, "const", [&] { return "got " + Shown(value) + ", want " + Shown(*node.const_value); });
  }
  if (!node.enum_values || std::ranges::find(*node.enum_values, value) != node.enum_values->end()) return true;
  std::string want;
  for (const Json& one : *node.enum_values) want.append(want.empty() ? "" : ", ").append(Shown(one));
  return Violates(node, node.enum_values->size() == 1 ? "const" : "enum",
                  [&] { return "got " + Shown(value) + ", want " + (want.empty() ? "no value at all" : want); });
}

bool SchemaEvaluation::Numbers(const SchemaNode& node, const Json& value, Seen*) {
  const bool asks =
      node.minimum || node.maximum || node.exclusive_minimum || node.exclusive_maximum || node.multiple_of;
  if (!value.is_number() || !asks) return true;
  const auto number = Decimal::Parse(value.NumberText());
  if (!number)
    return Violates(node, "type", [&] { return "got " + Shown(value) + ", want an exponent that fits 62 bits"; });
  const auto violates = [&](std::string_view keyword, std::string_view want, const Decimal& bound) {
    return Violates(node, keyword,
                    [&] { return "got " + Shown(value) + ", want " + std::string(want) + bound.Text(); });
  };
  bool is_valid = true;
  if (node.minimum && *number < *node.minimum) is_valid = violates("minimum", "at least ", *node.minimum);
  if (node.maximum && *number > *node.maximum) is_valid = violates("maximum", "at most ", *node.maximum);
  if (node.exclusive_minimum && *number <= *node.exclusive_minimum) {
    is_valid = violates("exclusiveMinimum", "above ", *node.exclusive_minimum);
  }
  if (node.exclusive_maximum && *number >= *node.exclusive_maximum) {
    is_valid = violates("exclusiveMaximum", "below ", *node.exclusive_maximum);
  }
  if (node.multiple_of && !number->IsMultipleOf(*node.multiple_of)) {
    is_valid = violates("multipleOf", "a multiple of ", *node.multiple_of);
  }
  return is_valid;
}

bool SchemaEvaluation::CountIs(const SchemaNode& node, int64_t count, std::string_view of,
                               const std::optional<int64_t>& least, std::string_view least_keyword,
                               const std::optional<int64_t>& most, std::string_view most_keyword) {
  const auto got = [&](std::string_view want, int64_t bound) {
    return "got " + std::to_string(count) + " " + std::string(of) + ", want " + std::string(want) +
           std::to_string(bound);
  };
  if (least && count < *least) return Violates(node, least_keyword, [&] { return got("at least ", *least); });
  if (most && count > *most) return Violates(node, most_keyword, [&] { return got("at most ", *most); });
  return true;
}

bool SchemaEvaluation::Strings(const SchemaNode& node, const Json& value, Seen*) {
  if (!value.is_string()) return true;
  const std::string& text = value.AsString();
  bool is_valid = true;
  if (node.min_length || node.max_length) {
    is_valid = CountIs(node, static_cast<int64_t>(CountCodePoints(text)), "characters", node.min_length, "minLength",
                       node.max_length, "maxLength");
  }
  if (node.pattern && !Found(*node.pattern, text)) {
    is_valid = Violates(node, "pattern", [&] { return "got " + Shown(value) + ", want a match of " + *node.pattern; });
  }
  if (node.format && prepared_.formats == FormatPolicy::kAssert && !HasFormat(text, *node.format)) {
    is_valid = Violates(node, "format", [&] { return "got " + Shown(value) + ", want the format " + *node.format; });
  }
  return is_valid;
}

bool SchemaEvaluation::Items(const SchemaNode& node, const Json& value, Seen* seen) {
  if (!value.is_array()) return true;
  const auto items = value.items();
  bool is_valid = CountIs(node, value.size(), "items", node.min_items, "minItems", node.max_items, "maxItems");
  for (size_t i = 0; i < items.size(); ++i) {
    const SchemaNode::Ref schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
    if (schema == nullptr) break;
    if (seen) (*seen)[i] = true;
    is_valid &= ApplyTo(*schema, items[i], i);
    if (!is_valid && (IsQuiet() || stopped_)) return false;
  }
  return is_valid;
}

bool SchemaEvaluation::Contains(const SchemaNode& node, const Json& value, Seen* seen) {
  if (node.contains == nullptr || !value.is_array()) return true;
  int64_t count = 0;
  for (size_t i = 0; i < value.items().size(); ++i) {
    if (!Matches(*node.contains, value.items()[i], nullptr)) continue;
    ++count;
    if (seen && node.contains_evaluates) (*seen)[i] = true;
  }
  return CountIs(node, count, "items that match", node.min_contains.value_or(1),
                 node.min_contains ? "minContains" : "contains", node.max_contains, "maxContains");
}

bool SchemaEvaluation::Unique(const SchemaNode& node, const Json& value, Seen*) {
  if (!node.unique_items || !value.is_array()) return true;
  std::unordered_set<std::string> known;
  for (const Json& item : value.items()) {
    std::string identity;
    AppendIdentity(identity, item);
    if (!known.insert(std::move(identity)).second) {
      return Violates(node, "uniqueItems", [&] { return "got " + Shown(item) + " twice, want each item once"; });
    }
  }
  return true;
}

bool SchemaEvaluation::Members(const SchemaNode& node, const Json& value, Seen* seen) {
  if (!value.is_object()) return true;
  bool is_valid = CountIs(node, value.size(), "members", node.min_properties, "minProperties", node.max_properties,
                          "maxProperties");
  for (const std::string& name : node.required) {
    if (!value.Has(name)) is_valid = Violates(node, "required", [&] { return "want a member \"" + name + "\""; });
  }
  if (node.properties.empty() && node.pattern_properties.empty() && node.additional_properties == nullptr)
    return is_valid;
  for (size_t i = 0; i < value.members().size(); ++i) {
    bool is_seen = false;
    is_valid &= Member(node, value.members()[i], is_seen);
    if (seen && is_seen) (*seen)[i] = true;
    if (!is_valid && (IsQuiet() || stopped_)) return false;
  }
  return is_valid;
}

bool SchemaEvaluation::Member(const SchemaNode& node, const JsonMember& member, bool& is_seen) {
  bool is_valid = true;
  if (const SchemaNode::Ref schema = prepared_.FindProperty(node, member.key)) {
    is_seen = true;
    is_valid &= ApplyTo(*schema, member.value, member.key);
  }
  for (const auto& [pattern, schema] : node.pattern_properties) {
    if (!Found(pattern, member.key)) continue;
    is_seen = true;
    is_valid &= ApplyTo(*schema, member.value, member.key);
  }
  if (is_seen || stopped_ || node.additional_properties == nullptr) return is_valid && !stopped_;
  is_seen = true;
  return ApplyTo(*node.additional_properties, member.value, member.key);
}

bool SchemaEvaluation::Names(const SchemaNode& node, const Json& value, Seen*) {
  if (node.property_names == nullptr || !value.is_object()) return true;
  bool is_valid = true;
  for (const JsonMember& member : value.members()) {
    is_valid &= ApplyTo(*node.property_names, Json(member.key), member.key);
    if (!is_valid && (IsQuiet() || stopped_)) return false;
  }
  return is_valid;
}

bool SchemaEvaluation::Dependencies(const SchemaNode& node, const Json& value, Seen* seen) {
  if (!value.is_object()) return true;
  bool is_valid = true;
  for (const auto& [trigger, names] : node.dependent_required) {
    if (!value.Has(trigger)) continue;
    for (const std::string& name : names) {
      if (value.Has(name)) continue;
      is_valid = Violates(node, "dependentRequired",
                          [&] { return "want a member \"" + name + "\" beside \"" + trigger + "\""; });
    }
  }
  for (const auto& [trigger, schema] : node.dependent_schemas) {
    if (value.Has(trigger)) is_valid &= Apply(*schema, value, seen);
  }
  return is_valid;
}

bool SchemaEvaluation::References(const SchemaNode& node, const Json& value, Seen* seen) {
  bool is_valid = node.ref == nullptr || Apply(*node.ref, value, seen);
  for (const SchemaNode::Ref schema : node.all_of) {
    if (!is_valid && (IsQuiet() || stopped_)) return false;
    is_valid &= Apply(*schema, value, seen);
  }
  return is_valid;
}

bool SchemaEvaluation::Alternatives(const SchemaNode& node, const Json& value, Seen* seen) {
  bool is_valid = true;
  if (!node.any_of.empty()) {
    bool any = false;
    for (const SchemaNode::Ref schema : node.any_of) {
      any |= Matches(*schema, value, seen);
      if (any && seen == nullptr) break;
    }
    const std::string count = std::to_string(node.any_of.size());
    if (!any)
      is_valid = Violates(node, "anyOf",
                          [&] { return "got " + Shown(value) + ", want a match of one of " + count + " schemas"; });
  }
  if (!node.one_of.empty()) {
    std::vector<size_t> matching;
    for (size_t i = 0; i < node.one_of.size() && matching.size() < 2; ++i) {
      if (Matches(*node.one_of[i], value, seen)) matching.push_back(i);
    }
    const std::string want = ", want a match of exactly one of " + std::to_string(node.one_of.size()) + " schemas";
    if (matching.empty()) is_valid = Violates(node, "oneOf", [&] { return "got " + Shown(value) + want; });
    if (matching.size() == 2) {
      is_valid = Violates(node, "oneOf", [&] {
        return "got " + Shown(value) + ", which matches " + std::to_string(matching[0]) + " and " +
               std::to_string(matching[1]) + want;
      });
    }
  }
  return is_valid;
}

bool SchemaEvaluation::Conditions(const SchemaNode& node, const Json& value, Seen* seen) {
  bool is_valid = true;
  if (node.not_schema != nullptr && Matches(*node.not_schema, value, nullptr)) {
    is_valid = Violates(node, "not", [&] { return "got " + Shown(value) + ", want no match of this schema"; });
  }
  if (node.if_schema == nullptr) return is_valid;
  const SchemaNode::Ref branch = Matches(*node.if_schema, value, seen) ? node.then_schema : node.else_schema;
  return (branch == nullptr || Apply(*branch, value, seen)) && is_valid;
}

bool SchemaEvaluation::Unevaluated(const SchemaNode& node, const Json& value, Seen* seen) {
  const SchemaNode::Ref schema = value.is_array()    ? node.unevaluated_items
                                 : value.is_object() ? node.unevaluated_properties
                                                     : nullptr;
  if (schema == nullptr) return true;
  bool is_valid = true;
  for (size_t i = 0; i < seen->size(); ++i) {
    if ((*seen)[i]) continue;
    (*seen)[i] = true;
    is_valid &= value.is_array() ? ApplyTo(*schema, value.items()[i], i)
                                 : ApplyTo(*schema, value.members()[i].value, value.members()[i].key);
    if (!is_valid && (IsQuiet() || stopped_)) return false;
  }
  return is_valid;
}

}  // namespace atelier
