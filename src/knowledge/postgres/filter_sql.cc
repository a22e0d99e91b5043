#include "knowledge/postgres/filter_sql.h"

#include <optional>
#include <utility>

namespace atelier {
namespace {

using Op = Filter::Op;

void AppendLiteral(char c, std::string& regex) {
  const auto byte = static_cast<unsigned char>(c);
  const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
  if (!word) regex += '\\';
  regex += c;
}

// The class at pattern[i] == '[', if it is one; returns the index of its end.
std::optional<size_t> AppendClass(std::string_view pattern, size_t i, std::string& regex) {
  const size_t close = pattern.find(']', i + 2);
  if (close == std::string_view::npos) return std::nullopt;
  const bool negated = pattern[i + 1] == '!' || pattern[i + 1] == '^';
  const std::string_view members = pattern.substr(i + 1 + negated, close - i - 1 - negated);
  std::string set;
  for (size_t m = 0; m < members.size(); ++m) {
    const bool range = m + 2 < members.size() && members[m + 1] == '-';
    const char last = range ? members[m + 2] : members[m];
    // A range that runs backwards matches nothing here, and is an error there.
    if (static_cast<unsigned char>(members[m]) <= static_cast<unsigned char>(last)) {
      AppendLiteral(members[m], set);
      if (range) set += '-', AppendLiteral(last, set);
    }
    if (range) m += 2;
  }
  // No class matches a slash. One of nothing matches nothing, and its opposite anything.
  if (set.empty()) {
    regex += negated ? "[^/]" : "(?!/)/";
  } else {
    regex += (negated ? "(?!/)[^" : "(?!/)[") + set + "]";
  }
  return close;
}

// Of one element `e` of the attribute, of type jsonb.
std::string ElementSql(Op op, const Json& value, SqlParameters& parameters) {
  const std::string type = value.is_string() ? "string" : value.is_number() ? "number" : "boolean";
  const std::string has_type = "jsonb_typeof(e) = '" + type + "'";
  if (op == Op::kEq) return "e = " + parameters.Add(value.Dump()) + "::jsonb";
  // CASE, because the order in which AND looks at its sides is not ours to say.
  const auto when = [&has_type](const std::string& condition) {
    return "CASE WHEN " + has_type + " THEN " + condition + " ELSE false END";
  };
  if (op == Op::kGlob) return when("e #>> '{}' ~ " + parameters.Add(RegexOfGlob(value.AsString())));
  if (value.is_bool()) return "false";
  const std::string sign = op == Op::kLt ? "<" : op == Op::kLte ? "<=" : op == Op::kGt ? ">" : ">=";
  if (value.is_number()) {
    return when("(e #>> '{}')::float8 " + sign + " " + parameters.Add(value.NumberText()) + "::float8");
  }
  return when("(e #>> '{}') COLLATE \"C\" " + sign + " " + parameters.Add(value.AsString()));
}

std::string AnyElement(const std::string& attribute, const std::string& condition) {
  return "EXISTS (SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof(" + attribute + ") WHEN 'array' THEN " +
         attribute + " ELSE jsonb_build_array(" + attribute + ") END) AS e WHERE " + condition + ")";
}

std::string Joined(const std::vector<Filter>& parts, std::string_view between, const AttributeSql& attribute,
                   SqlParameters& parameters) {
  std::string sql;
  for (const Filter& part : parts) {
    if (!sql.empty()) sql += between;
    sql += FilterSql(part, attribute, parameters);
  }
  return "(" + sql + ")";
}

std::string ComparisonSql(const Filter& filter, const AttributeSql& attribute, SqlParameters& parameters) {
  const Op op = filter.op == Op::kIn ? Op::kEq : filter.op;
  std::string condition;
  for (const Json& value : filter.values) {
    if (!condition.empty()) condition += " OR ";
    condition += ElementSql(op, value, parameters);
  }
  return condition.empty() ? "false" : AnyElement(attribute(filter.key, parameters), condition);
}

}  // namespace

std::string RegexOfGlob(std::string_view pattern) {
  std::string regex = "^(?:";
  bool after_slash = true;  // or at the beginning
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' && pattern.substr(i, 2) == "**") {
      while (i + 1 < pattern.size() && pattern[i + 1] == '*') ++i;
      const bool part = after_slash && i + 1 < pattern.size() && pattern[i + 1] == '/';
      i += part;
      regex += part ? "(?:.*/)?" : ".*";
      after_slash = false;
      continue;
    }
    after_slash = false;
    if (c == '*') {
      regex += "[^/]*";
    } else if (c == '?') {
      regex += "[^/]";
    } else if (const auto close = c == '[' ? AppendClass(pattern, i, regex) : std::nullopt) {
      i = *close;
    } else {
      i += c == '\\' && i + 1 < pattern.size();
      AppendLiteral(pattern[i], regex);
      after_slash = pattern[i] == '/';
    }
  }
  return regex + ")$";
}

std::string FilterSql(const Filter& filter, const AttributeSql& attribute, SqlParameters& parameters) {
  switch (filter.op) {
    case Op::kAll: return "true";
    case Op::kAnd: return filter.parts.empty() ? "true" : Joined(filter.parts, " AND ", attribute, parameters);
    case Op::kOr: return filter.parts.empty() ? "false" : Joined(filter.parts, " OR ", attribute, parameters);
    case Op::kNot: return "(NOT " + FilterSql(filter.parts[0], attribute, parameters) + ")";
    case Op::kNe:
    case Op::kNin: {
      Filter opposite = filter;
      opposite.op = filter.op == Op::kNe ? Op::kEq : Op::kIn;
      return "(NOT " + ComparisonSql(opposite, attribute, parameters) + ")";
    }
    default: return ComparisonSql(filter, attribute, parameters);
  }
}

}  // namespace atelier
