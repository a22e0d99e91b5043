// Times as A2A writes them: "2026-11-28T10:30:00.000Z", always UTC, to the millisecond.   [A2A 1.0.1, 5.6.1]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

std::string A2aTime(int64_t unix_ms);
// Takes any number of decimals. Errors: kInvalid under `where`.
Result<int64_t> ParseA2aTime(std::string_view where, std::string_view text);

}  // namespace atelier
