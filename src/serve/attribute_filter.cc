#include "serve/attribute_filter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace atelier {
namespace {

constexpr int kMaxDepth = 16;
constexpr int kMaxComparisons = 512;
constexpr int64_t kMaxAttributes = 16;
constexpr size_t kMaxKeyBytes = 64, kMaxTextBytes = 512;

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

std::string Short(const Json& json) { return json.Dump().substr(0, 64); }

// Names that begin with '$' are the index's own.
Result<void> CheckKey(const std::string& key, const std::string& where) {
  if (!key.empty() && key.size() <= kMaxKeyBytes && key[0] != '$') return {};
  return Wrong(where, "got \"" + key.substr(0, kMaxKeyBytes) + "\", want 1 to 64 bytes that do not begin with '$'");
}

Result<void> CheckValue(const Json& value, const std::string& where) {
  if (value.is_bool() || (value.is_number() && std::isfinite(value.AsDouble()))) return {};
  if (value.is_string() && value.AsString().size() <= kMaxTextBytes) return {};
  return Wrong(where, "got " + Short(value) + ", want a text of at most 512 bytes, a number or a boolean");
}

struct Comparison {
  std::string_view type;
  Filter::Op op;
};
constexpr Comparison kComparisons[] = {{"eq", Filter::Op::kEq},   {"ne", Filter::Op::kNe},  {"gt", Filter::Op::kGt},
                                       {"gte", Filter::Op::kGte}, {"lt", Filter::Op::kLt},  {"lte", Filter::Op::kLte},
                                       {"in", Filter::Op::kIn},   {"nin", Filter::Op::kNin}};

class FilterReader {
 public:
  Result<Filter> Read(const Json& json, const std::string& where, int depth) {
    if (!json.is_object() || !json["type"].is_string()) {
      return Wrong(where, "got " + Short(json) + ", want an object with a type");
    }
    const std::string& type = json["type"].AsString();
    if (type == "and" || type == "or") return ReadParts(json, where, type == "and", depth);
    const auto* const found = std::ranges::find(kComparisons, type, &Comparison::type);
    if (found == std::ranges::end(kComparisons)) {
      return Wrong(where + ".type",
                   "got \"" + type.substr(0, 64) + "\", want eq, ne, gt, gte, lt, lte, in, nin, and, or");
    }
    return ReadComparison(json, where, found->op);
  }

 private:
  Result<void> CheckMembers(const Json& json, const std::string& where, std::initializer_list<std::string_view> known) {
    for (const JsonMember& member : json.members()) {
      if (std::ranges::find(known, member.key) != known.end()) continue;
      return Error::Invalid(where + "." + member.key.substr(0, 64), "unknown parameter").WithCode("unknown_parameter");
    }
    return {};
  }

  Result<Filter> ReadParts(const Json& json, const std::string& where, bool all, int depth) {
    TRY_VOID(CheckMembers(json, where, {"type", "filters"}));
    const Json& parts = json["filters"];
    if (!parts.is_array() || parts.empty()) return Wrong(where + ".filters", "got none, want at least one");
    if (depth == kMaxDepth) return Wrong(where + ".filters", "got filters too deep, want at most 16 within each other");
    Filter filter;
    filter.op = all ? Filter::Op::kAnd : Filter::Op::kOr;
    for (int64_t i = 0; i < parts.size(); ++i) {
      TRY(Filter part, Read(parts[i], where + ".filters[" + std::to_string(i) + "]", depth + 1));
      filter.parts.push_back(std::move(part));
    }
    return filter;
  }

  Result<Filter> ReadComparison(const Json& json, const std::string& where, Filter::Op op) {
    TRY_VOID(CheckMembers(json, where, {"type", "key", "value"}));
    if (!json["key"].is_string()) return Wrong(where + ".key", "got nothing, want the name of an attribute");
    Filter filter;
    filter.op = op;
    filter.key = json["key"].AsString();
    TRY_VOID(CheckKey(filter.key, where + ".key"));
    const Json& value = json["value"];
    const bool is_list = op == Filter::Op::kIn || op == Filter::Op::kNin;
    if (is_list && !value.is_array()) return Wrong(where + ".value", "got " + Short(value) + ", want an array");
    if (is_list) {
      filter.values.assign(value.items().begin(), value.items().end());
    } else {
      filter.values = {value};
    }
    num_values_ += std::max<size_t>(filter.values.size(), 1);
    if (num_values_ > kMaxComparisons) return Wrong(where, "got over 512 values to compare with, want fewer");
    for (const Json& one : filter.values) TRY_VOID(CheckValue(one, where + ".value"));
    return filter;
  }

  size_t num_values_ = 0;
};

}  // namespace

Result<Filter> ReadAttributeFilter(const Json& json, const std::string& where) {
  if (json.is_null()) return Filter();
  return FilterReader().Read(json, where, 0);
}

Result<Json> ReadAttributes(const Json& json, const std::string& where) {
  if (json.is_null()) return Json::Object();
  if (!json.is_object()) return Wrong(where, "got " + Short(json) + ", want an object");
  if (json.size() > kMaxAttributes) {
    return Wrong(where, "got " + std::to_string(json.size()) + " attributes, want at most 16");
  }
  for (const JsonMember& member : json.members()) {
    TRY_VOID(CheckKey(member.key, where));
    TRY_VOID(CheckValue(member.value, where + "." + member.key));
  }
  return json;
}

}  // namespace atelier
