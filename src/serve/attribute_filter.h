// Filters over attributes, as requests say them.   [OpenAI API reference, "ComparisonFilter", "CompoundFilter"]
//
//   {"type": "eq|ne|gt|gte|lt|lte", "key", "value"}, {"type": "in|nin", "key", "value": [...]},
//   {"type": "and|or", "filters": [...]}
#pragma once

#include <string>

#include "base/text/json.h"
#include "knowledge/index/filter.h"

namespace atelier {

// null: everything. Errors name the part under `where`: an unknown type, a key that begins with '$', a value of another
// type, filters too deep or too many.
Result<Filter> ReadAttributeFilter(const Json& json, const std::string& where);

// The attributes of a file: at most 16 texts of 512 bytes, numbers and booleans, whose names have at most 64 bytes and
// begin with no '$'. null: none. Errors name the part under `where`.
Result<Json> ReadAttributes(const Json& json, const std::string& where);

}  // namespace atelier
