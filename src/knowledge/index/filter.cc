#include "knowledge/index/filter.h"

#include <array>
#include <utility>

namespace atelier {
namespace {

using Op = Filter::Op;

struct OpName {
  Op op;
  std::string_view name;
};
constexpr std::array<OpName, 13> kNames = {{{Op::kAll, "all"},
                                            {Op::kEq, "eq"},
                                            {Op::kNe, "ne"},
                                            {Op::kLt, "lt"},
                                            {Op::kLte, "lte"},
                                            {Op::kGt, "gt"},
                                            {Op::kGte, "gte"},
                                            {Op::kIn, "in"},
                                            {Op::kNin, "nin"},
                                            {Op::kGlob, "glob"},
                                            {Op::kAnd, "and"},
                                            {Op::kOr, "or"},
                                            {Op::kNot, "not"}}};

std::string_view NameOf(Op op) {
  for (const OpName& entry : kNames) {
    if (entry.op == op) return entry.name;
  }
  return "unknown";
}

bool IsScalar(const Json& value) { return value.is_string() || value.is_number() || value.is_bool(); }

Result<void> CheckValue(Op op, const Json& value, std::string where) {
  const std::string got = "got " + std::string(value.TypeName());
  if (op == Op::kGlob && !value.is_string()) return Error::Invalid(std::move(where), got + ", want a string");
  if (!IsScalar(value)) return Error::Invalid(std::move(where), got + ", want a string, a number or a boolean");
  return {};
}

Result<void> Check(const Filter& filter, int depth) {
  if (depth > Filter::kMaxDepth) {
    return Error::Invalid("filters", "too deep, want at most " + std::to_string(Filter::kMaxDepth));
  }
  switch (filter.op) {
    case Op::kAll: return {};
    case Op::kAnd:
    case Op::kOr:
      for (size_t i = 0; i < filter.parts.size(); ++i) {
        auto checked = Check(filter.parts[i], depth + 1);
        if (!checked.ok()) return std::move(checked).error().Under("filters[" + std::to_string(i) + "]");
      }
      return {};
    case Op::kNot: {
      if (filter.parts.size() != 1) return Error::Invalid("filter", "want one filter");
      auto checked = Check(filter.parts[0], depth + 1);
      if (!checked.ok()) return std::move(checked).error().Under("filter");
      return {};
    }
    default: break;
  }
  if (filter.key.empty()) return Error::Invalid("key", "got an empty text, want the name of an attribute");
  const bool takes_many = filter.op == Op::kIn || filter.op == Op::kNin;
  if (!takes_many && filter.values.size() != 1) {
    return Error::Invalid("value", "got " + std::to_string(filter.values.size()) + " values, want one");
  }
  for (size_t i = 0; i < filter.values.size(); ++i) {
    TRY_VOID(CheckValue(filter.op, filter.values[i], takes_many ? "value[" + std::to_string(i) + "]" : "value"));
  }
  return {};
}

Result<Filter> Read(const Json& json, int depth);

Result<void> ReadParts(const Json& json, int depth, Filter& filter) {
  if (filter.op == Op::kNot) {
    auto part = Read(json["filter"], depth + 1);
    if (!part.ok()) return std::move(part).error().Under("filter");
    filter.parts.push_back(*std::move(part));
    return {};
  }
  const Json& parts = json["filters"];
  if (!parts.is_array()) return Error::Invalid("filters", "got " + std::string(parts.TypeName()) + ", want an array");
  for (const Json& item : parts.items()) {
    auto part = Read(item, depth + 1);
    if (!part.ok()) {
      return std::move(part).error().Under("filters[" + std::to_string(filter.parts.size()) + "]");
    }
    filter.parts.push_back(*std::move(part));
  }
  return {};
}

Result<void> ReadComparison(const Json& json, Filter& filter) {
  const Json& key = json["key"];
  if (!key.is_string()) return Error::Invalid("key", "got " + std::string(key.TypeName()) + ", want a string");
  filter.key = key.AsString();
  const Json& value = json["value"];
  if (filter.op != Op::kIn && filter.op != Op::kNin) {
    filter.values.push_back(value);
    return {};
  }
  if (!value.is_array()) return Error::Invalid("value", "got " + std::string(value.TypeName()) + ", want an array");
  filter.values.assign(value.items().begin(), value.items().end());
  return {};
}

Result<Filter> Read(const Json& json, int depth) {
  if (depth > Filter::kMaxDepth) {
    return Error::Invalid("", "too deep, want at most " + std::to_string(Filter::kMaxDepth));
  }
  if (!json.is_object()) return Error::Invalid("", "got " + std::string(json.TypeName()) + ", want an object");
  const Json& type = json["type"];
  if (!type.is_string()) return Error::Invalid("type", "got " + std::string(type.TypeName()) + ", want a string");
  Filter filter;
  std::string names;
  bool known = false;
  for (const OpName& entry : kNames) {
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
    if (type.AsString() != entry.name) continue;
    filter.op = entry.op;
    known = true;
  }
  if (!known) return Error::Invalid("type", "got '" + type.AsString() + "', want one of " + names);
  const bool has_parts = filter.op == Op::kAnd || filter.op == Op::kOr || filter.op == Op::kNot;
  for (const JsonMember& member : json.members()) {
    const bool fits = filter.op == Op::kAll   ? false
                      : filter.op == Op::kNot ? member.key == "filter"
                      : has_parts             ? member.key == "filters"
                                              : member.key == "key" || member.key == "value";
    if (member.key != "type" && !fits) {
      return Error::Invalid(member.key, "'" + std::string(NameOf(filter.op)) + "' has no such member");
    }
  }
  if (has_parts)
    TRY_VOID(ReadParts(json, depth, filter));
  else if (filter.op != Op::kAll)
    TRY_VOID(ReadComparison(json, filter));
  return filter;
}

void AppendKey(const Filter& filter, std::string& out) {
  const auto append = [&out](std::string_view text) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
  };
  out += static_cast<char>('A' + static_cast<int>(filter.op));
  if (!filter.key.empty()) append(filter.key);
  for (const Json& value : filter.values) {
    if (value.is_string())
      out += 's', append(value.AsString());
    else
      append(value.Dump());
  }
  if (filter.parts.empty()) return;
  out += '(';
  for (const Filter& part : filter.parts) AppendKey(part, out);
  out += ')';
}

}  // namespace

Result<void> CheckFilter(const Filter& filter) { return Check(filter, 1); }

Result<Filter> ReadFilter(const Json& json) {
  TRY(Filter filter, Read(json, 1));
  TRY_VOID(CheckFilter(filter));
  return filter;
}

Json WriteFilter(const Filter& filter) {
  Json json = Json::Object({{"type", NameOf(filter.op)}});
  switch (filter.op) {
    case Op::kAll: break;
    case Op::kNot: json.Set("filter", WriteFilter(filter.parts[0])); break;
    case Op::kAnd:
    case Op::kOr: {
      Json parts = Json::Array();
      for (const Filter& part : filter.parts) parts.Push(WriteFilter(part));
      json.Set("filters", std::move(parts));
      break;
    }
    default:
      json.Set("key", filter.key);
      json.Set("value", filter.op == Op::kIn || filter.op == Op::kNin ? Json(filter.values) : filter.values[0]);
  }
  return json;
}

std::string FilterKey(const Filter& filter) {
  std::string key;
  AppendKey(filter, key);
  return key;
}

std::string GlobPrefix(std::string_view pattern) {
  std::string prefix;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (std::string_view("*?[").find(pattern[i]) != std::string_view::npos) break;
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    prefix += pattern[i];
  }
  return prefix;
}

}  // namespace atelier
