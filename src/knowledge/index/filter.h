// Which records are meant, by their attributes: what users ask for, and what a principal may see.
//
// An attribute that is a list passes a comparison where one of its elements does; kNe, kNin and kNot are the exact
// opposites of kEq, kIn and of their part. A record without the attribute passes none but those. Values of different
// types are never equal, and in no order. The record's own id is the attribute "$id".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
    kGlob,  // key, values[0]: a text that the whole attribute matches; '*' and '?' not over '/', "**" over it
    kAnd,
    kOr,   // parts; of none: every record, no record
    kNot,  // parts[0]
  };
  Op op = Op::kAll;
  std::string key;
  std::vector<Json> values;  // strings, numbers, booleans
  std::vector<Filter> parts;
};

}  // namespace atelier
