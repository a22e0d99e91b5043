// Keywords whose values are plain: types, values, bounds, names.
#include <algorithm>
#include <unordered_set>

#include "base/text/json_schema_reader.h"

namespace atelier {

using enum SchemaKeyword;

namespace {

constexpr size_t kMaxUnitDigits = 1'000;         // of multipleOf: exact division costs digits × these
constexpr int64_t kMaxCount = int64_t{1} << 53;  // of lengths: no value has more, and sums of a few fit

constexpr std::pair<std::string_view, uint8_t> kTypes[] = {
    {"null", kSchemaNull},       {"boolean", kSchemaBoolean},
    {"integer", kSchemaInteger}, {"number", kSchemaNumber | kSchemaInteger},
    {"string", kSchemaString},   {"array", kSchemaArray},
    {"object", kSchemaObject},
};

uint8_t TypeBits(const Json& name, SchemaDraft draft) {
  if (!name.is_string()) return 0;
  for (const auto& [known, bits] : kTypes) {
    if (known == name.AsString()) return bits;
  }
  return draft == SchemaDraft::k3 && name.AsString() == "any" ? static_cast<uint8_t>(kSchemaAnyType) : uint8_t{0};
}

}  // namespace

Result<void> SchemaReader::ReadTypes(Work& work) {
  const Json* type = work[kType];
  if (type == nullptr) return {};
  const SchemaDraft draft = index_.resource(work.resource).draft;
  const auto names = type->is_array() ? type->items() : std::span<const Json>(type, 1);
  if (names.empty()) return work.Wrong(kType, "got no type, want at least one");
  work.node->types = 0;
  work.node->whole_integers = draft <= SchemaDraft::k4;
  for (const Json& name : names) {
    const uint8_t bits = TypeBits(name, draft);
    if (bits == 0) {
      return work.Wrong(kType, name, "null, boolean, integer, number, string, array, object, or an array of these");
    }
    work.node->types |= bits;
  }
  if (const Json* nullable = work[kNullable]) {
    if (!nullable->is_bool()) return work.Wrong(kNullable, *nullable, "a boolean");
    if (nullable->AsBool()) work.node->types |= kSchemaNull;
  }
  return {};
}

Result<void> SchemaReader::ReadEnum(Work& work) {
  if (const Json* values = work[kEnum]) {
    if (!values->is_array()) return work.Wrong(kEnum, *values, "an array");
    work.node->enum_values.emplace(values->items().begin(), values->items().end());
  }
  if (const Json* value = work[kConst]) {
    if (work.node->enum_values)
      work.node->const_value = *value;
    else
      work.node->enum_values.emplace(1, *value);
  }
  return {};
}

Result<void> SchemaReader::ReadNumbers(Work& work) {
  TRY_VOID(ReadBound(work, kMinimum, kExclusiveMinimum));
  TRY_VOID(ReadBound(work, kMaximum, kExclusiveMaximum));
  for (const SchemaKeyword keyword : {kMultipleOf, kDivisibleBy}) {
    const Json* unit = work[keyword];
    if (unit == nullptr) continue;
    const auto value = unit->is_number() ? Decimal::Parse(unit->NumberText()) : std::nullopt;
    if (!value || value->is_zero() || value->negative()) return work.Wrong(keyword, *unit, "a number above 0");
    if (value->digits().size() > kMaxUnitDigits) {
      return Error::TooLarge(
          work.Wrong(keyword, "").where,
          "got " + std::to_string(value->digits().size()) + " digits, want at most " + std::to_string(kMaxUnitDigits));
    }
    work.node->multiple_of = *value;
  }
  return {};
}

// `minimum` with `exclusiveMinimum`, which is a bound of its own or, in draft 4, says how to read the other.
Result<void> SchemaReader::ReadBound(Work& work, SchemaKeyword plain, SchemaKeyword exclusive) {
  const bool is_minimum = plain == kMinimum;
  std::optional<Decimal>& bound = is_minimum ? work.node->minimum : work.node->maximum;
  std::optional<Decimal>& open_bound = is_minimum ? work.node->exclusive_minimum : work.node->exclusive_maximum;
  for (const SchemaKeyword keyword : {plain, exclusive}) {
    const Json* value = work[keyword];
    if (value == nullptr || (keyword == exclusive && value->is_bool())) continue;
    if (!value->is_number()) return work.Wrong(keyword, *value, "a number");
    const auto number = Decimal::Parse(value->NumberText());
    if (!number) return work.Wrong(keyword, *value, "a number whose exponent fits 62 bits");
    (keyword == plain ? bound : open_bound) = *number;
  }
  if (const Json* is_open = work[exclusive]; is_open != nullptr && is_open->is_bool() && is_open->AsBool()) {
    if (!bound) {
      return work.Wrong(exclusive, "got true without " + std::string(FactsOf(plain).name) + ", want a number");
    }
    open_bound = bound;
    bound.reset();
  }
  return {};
}

Result<void> SchemaReader::ReadStrings(Work& work) {
  TRY_VOID(ReadCount(work, kMinLength, work.node->min_length));
  TRY_VOID(ReadCount(work, kMaxLength, work.node->max_length));
  if (const Json* pattern = work[kPattern]) {
    if (!pattern->is_string()) return work.Wrong(kPattern, *pattern, "a regular expression");
    work.node->pattern = pattern->AsString();
  }
  if (const Json* format = work[kFormat]) {
    if (!format->is_string()) return work.Wrong(kFormat, *format, "the name of a format");
    if (IsSchemaFormat(format->AsString())) work.node->format = format->AsString();
  }
  return {};
}

Result<void> SchemaReader::ReadCount(Work& work, SchemaKeyword keyword, std::optional<int64_t>& count) {
  const Json* value = work[keyword];
  if (value == nullptr) return {};
  const auto number = value->is_number() ? Decimal::Parse(value->NumberText()) : std::nullopt;
  if (!number || number->negative() || !number->IsInteger())
    return work.Wrong(keyword, *value, "an integer of at least 0");
  count = std::min(number->AsInt64().value_or(kMaxCount), kMaxCount);
  return {};
}

Result<void> SchemaReader::ReadRequired(Work& work) {
  const Json* names = work[kRequired];
  if (index_.resource(work.resource).draft > SchemaDraft::k3) {
    if (names == nullptr) return {};
    TRY(work.node->required, NamesOf(work, kRequired, "", *names));
    return {};
  }
  // Draft 3 writes `required: true` into the property's own schema.
  const Json* properties = work[kProperties];
  if (properties == nullptr || !properties->is_object()) return {};
  for (const JsonMember& member : properties->members()) {
    const Json& required = member.value["required"];
    if (required.is_bool() && required.AsBool()) work.node->required.push_back(member.key);
  }
  return {};
}

// `at` is a JSON pointer from the keyword on, for messages.
Result<std::vector<std::string>> SchemaReader::NamesOf(const Work& work, SchemaKeyword keyword, std::string_view at,
                                                       const Json& value) const {
  const auto wrong = [&](const Json& got, std::string_view want) {
    Error error = work.Wrong(keyword, got, want);
    error.where += at;
    return error;
  };
  if (!value.is_array()) return wrong(value, "an array of property names");
  std::vector<std::string> names;
  std::unordered_set<std::string_view> seen;
  for (const Json& name : value.items()) {
    if (!name.is_string()) return wrong(name, "property names alone");
    if (seen.insert(name.AsString()).second) names.push_back(name.AsString());
  }
  return names;
}

}  // namespace atelier
