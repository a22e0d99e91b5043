// How long a model stays loaded after its last use, as people write it.
#pragma once

#include <chrono>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// "5m", "1h30m", "90" or 300 (seconds); a negative one, or "-1", is for ever (-1 ms).
Result<std::chrono::milliseconds> ParseKeepAlive(const Json& value);

}  // namespace atelier
