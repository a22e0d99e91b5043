#include "base/net/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace atelier {
namespace {

constexpr int64_t kMostSeconds = 86'400;

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that senders may still generate.
std::optional<int64_t> UnixSecondsOf(const std::string& date) {
  std::tm parts{};
  const char* end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

}  // namespace

std::optional<std::chrono::milliseconds> RetryAfter(const HttpHeaders& headers, int64_t unix_seconds) {
  if (const auto ms = WholeNumber(headers.Get("retry-after-ms"))) {
    return std::chrono::milliseconds(std::min(*ms, kMostSeconds * 1000));
  }
  const std::string text(headers.Get("Retry-After"));
  std::optional<int64_t> seconds = WholeNumber(text);
  if (!seconds) {
    const std::optional<int64_t> when = UnixSecondsOf(text);
    if (!when) return std::nullopt;
    seconds = *when - unix_seconds;
  }
  return std::chrono::seconds(std::clamp<int64_t>(*seconds, 0, kMostSeconds));
}

}  // namespace atelier
