// Whether what one node gives can be what another wants, by their JSON Schemas alone: before anything runs.
//
// Only what is certain is an error: a value of a type that is not wanted, a member that is required and never there.
// What schemas leave open (combinators, references to elsewhere, patterns, bounds) is checked when the value is there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// Why no, or not every, value of `given` keeps `wanted`; empty: nothing certain speaks against it.
std::string Misfit(const Json& given, const Json& wanted);

// The schema of the part at `path` of values of `schema`; {} where nothing is known of it. Errors: kInvalid where there
// is never such a part; names the nearest that there is.
Result<Json> SchemaAt(const Json& schema, const std::vector<std::string>& path);

// {"type": "object", "properties": …} with all required and no others.
Json ObjectSchema(std::vector<std::pair<std::string, Json>> properties);
Json TypeSchema(std::string_view type);  // {"type": …}
// What is of one of these: the schema itself where they are equal.
Json UnionSchema(std::vector<Json> schemas);

}  // namespace atelier
