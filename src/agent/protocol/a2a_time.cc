#include "agent/protocol/a2a_time.h"

#include <chrono>
#include <cstdio>
#include <optional>

namespace atelier {
namespace {

// The digits at `at`, as many as wanted; nothing where others stand there.
std::optional<int> Digits(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return {};
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + (c - '0');
  }
  return value;
}

// "2026-11-28T10:30:00", "." and decimals, "Z"; nothing: it is no such time.
std::optional<int64_t> ReadTime(std::string_view text) {
  constexpr size_t kSeconds = 19;  // bytes up to the seconds
  const auto year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return {};
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return {};
  if (*hour > 23 || *minute > 59 || *second > 60) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  text.remove_prefix(kSeconds);
  int64_t ms = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    int64_t scale = 100;
    size_t n = 0;
    for (; n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n, scale /= 10) ms += scale * (text[n] - '0');
    if (n == 0) return {};
    text.remove_prefix(n);
  }
  if (text != "Z" && text != "+00:00") return {};
  const auto time = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                    std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count() + ms;
}

}  // namespace

std::string A2aTime(int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

Result<int64_t> ParseA2aTime(std::string_view where, std::string_view text) {
  if (const auto ms = ReadTime(text)) return *ms;
  return Error::Invalid(std::string(where),
                        "got '" + std::string(text.substr(0, 64)) + "', want a time like 2026-11-28T10:30:00.000Z");
}

}  // namespace atelier
