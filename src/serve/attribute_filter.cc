#include "serve/attribute_filter.h"

#include <cmath>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxComparisons = 512;
constexpr int64_t kMaxAttributes = 16;
constexpr size_t kMaxKeyBytes = 64, kMaxTextBytes = 512;

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

// Names that begin with '$' or '@' are the index's and the corpus's own.
Result<void> CheckKey(const std::string& key, const std::string& where) {
  if (!key.empty() && key.size() <= kMaxKeyBytes && key[0] != '$' && key[0] != '@') return {};
  return Wrong(where,
               "got \"" + key.substr(0, kMaxKeyBytes) + "\", want 1 to 64 bytes that begin neither with '$' nor '@'");
}

Result<void> CheckValue(const Json& value, const std::string& where) {
  if (value.is_bool() || (value.is_number() && std::isfinite(value.AsDouble()))) return {};
  if (value.is_string() && value.AsString().size() <= kMaxTextBytes) return {};
  return Wrong(where,
               "got " + value.Dump().substr(0, 64) + ", want a text of at most 512 bytes, a number or a boolean");
}

// What an index takes and a request may not say.
Result<void> CheckAsked(const Filter& filter, const std::string& where, size_t& num_values) {
  const bool joins = filter.op == Filter::Op::kAnd || filter.op == Filter::Op::kOr;
  if (joins && filter.parts.empty()) return Wrong(where + ".filters", "got none, want at least one");
  for (size_t i = 0; i < filter.parts.size(); ++i) {
    const std::string part = joins ? ".filters[" + std::to_string(i) + "]" : ".filter";
    TRY_VOID(CheckAsked(filter.parts[i], where + part, num_values));
  }
  num_values += filter.values.size() + 1;
  if (num_values > kMaxComparisons) return Wrong(where, "got over 512 values and comparisons, want fewer");
  if (joins || filter.op == Filter::Op::kNot || filter.op == Filter::Op::kAll) return {};
  TRY_VOID(CheckKey(filter.key, where + ".key"));
  for (const Json& value : filter.values) TRY_VOID(CheckValue(value, where + ".value"));
  return {};
}

}  // namespace

Result<Filter> ReadAttributeFilter(const Json& json, const std::string& where) {
  if (json.is_null()) return Filter();
  Result<Filter> filter = ReadFilter(json);
  if (!filter.ok()) return std::move(filter).error().WithCode("invalid_value").Under(where);
  size_t num_values = 0;
  TRY_VOID(CheckAsked(*filter, where, num_values));
  return filter;
}

Result<Json> ReadAttributes(const Json& json, const std::string& where) {
  if (json.is_null()) return Json::Object();
  if (!json.is_object()) return Wrong(where, "got " + std::string(json.TypeName()) + ", want an object");
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
