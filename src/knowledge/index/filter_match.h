// One record against a filter, by the words of filter.h: where there is no index of what is filtered, and what an index
// is tested against.
#pragma once

#include <string_view>

#include "base/text/json.h"
#include "knowledge/index/filter.h"

namespace atelier {

// REQUIRES: CheckFilter passes.
bool FilterPasses(const Filter& filter, std::string_view id, const Json& attributes);

}  // namespace atelier
