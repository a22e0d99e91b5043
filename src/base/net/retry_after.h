// How long a server asks its clients to wait.   [RFC 9110, 10.2.3]
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/net/http.h"

namespace atelier {

// Retry-After in seconds or as a date (an HTTP date, against `unix_seconds`), or the finer retry-after-ms that some
// services send. Never negative, at most a day; nothing where there is none or it cannot be read.
std::optional<std::chrono::milliseconds> RetryAfter(const HttpHeaders& headers, int64_t unix_seconds);

}  // namespace atelier
