// What few chunks have, as one JSON object: {"sums_up"?: true, "entities"?: [[name, kind], ...],
// "relations"?: [[source, relation, target], ...]}. How corpora keep it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/text/json.h"
#include "record/chunk.h"

namespace atelier {

// An empty object of most chunks.
Json ExtrasOf(const Chunk& chunk);
// Null stands for the empty object. Errors: kCorrupt for what ExtrasOf does not write.
Result<void> ReadExtras(std::string_view where, const Json& extras, Chunk& chunk);

}  // namespace atelier
