// Which records are meant, by their attributes: what users ask for, and what a principal may see.
//
// An attribute that is a list passes a comparison where one of its elements does; kNe, kNin and kNot are the exact
// opposites of kEq, kIn and of their part. A record without the attribute passes none but those. Values of different
// types are never equal, and in no order. The record's own id is the attribute "$id".
//
// As JSON (OpenAI's attribute filters, and three of ours):
//   {"type": "eq", "key": "year", "value": 2024}       ne, gt, gte, lt, lte, glob alike
//   {"type": "in", "key": "lang", "value": ["en", "de"]}    nin alike
//   {"type": "and", "filters": [...]}                  or alike
//   {"type": "not", "filter": {...}}, {"type": "all"}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct Filter {
  enum class Op : uint8_t {
    kAll,  // every record
    kEq,
    kNe,
    kLt,
    kLte,
    kGt,
    kGte,  // key, values[0]; numbers and texts have an order (texts that of their bytes)
    kIn,
    kNin,   // key, values
    kGlob,  // key, values[0]: a pattern (base/text/glob.h) that the whole attribute matches
    kAnd,
    kOr,   // parts; of none: every record, no record
    kNot,  // parts[0]
  };
  static constexpr int kMaxDepth = 64;

  Op op = Op::kAll;
  std::string key;
  std::vector<Json> values;  // strings, numbers, booleans
  std::vector<Filter> parts;

  static Filter Compare(Op op, std::string key, Json value) { return {op, std::move(key), {std::move(value)}, {}}; }
  static Filter In(std::string key, std::vector<Json> values) {
    return {Op::kIn, std::move(key), std::move(values), {}};
  }
  static Filter And(std::vector<Filter> parts) { return {Op::kAnd, {}, {}, std::move(parts)}; }
  static Filter Or(std::vector<Filter> parts) { return {Op::kOr, {}, {}, std::move(parts)}; }
  static Filter Not(Filter part) { return {Op::kNot, {}, {}, {std::move(part)}}; }
};

// Whether the filter is well formed: as many values and parts as its operation has, of types that it takes, at most
// kMaxDepth deep. Errors name the part: "filters[1].value: got an array, want a string, a number or a boolean".
Result<void> CheckFilter(const Filter& filter);

Result<Filter> ReadFilter(const Json& json);
// What ReadFilter reads.   REQUIRES: CheckFilter passes.
Json WriteFilter(const Filter& filter);

// Two filters with the same text mean the same: what a cache looks up by.
std::string FilterKey(const Filter& filter);

// The text that everything matching begins with.
std::string GlobPrefix(std::string_view pattern);

}  // namespace atelier
