// Attributes of files and filters over them, as requests say them.
//                                              [OpenAI API reference, "ComparisonFilter", "CompoundFilter"]
#pragma once

#include <string>

#include "base/text/json.h"
#include "knowledge/index/filter.h"

namespace atelier {

// A filter as knowledge/index/filter.h reads it, over attributes of files alone. null: everything. Errors name the part
// under `where`; beside ReadFilter's: a key that begins with '$' or '@', a long or infinite value, `and` or `or` of
// nothing, over 512 values and comparisons.
Result<Filter> ReadAttributeFilter(const Json& json, const std::string& where);

// The attributes of a file: at most 16 texts of 512 bytes, numbers and booleans, whose names have at most 64 bytes and
// begin with neither '$' nor '@'. null: none. Errors name the part under `where`.
Result<Json> ReadAttributes(const Json& json, const std::string& where);

}  // namespace atelier
