#include "app/keep_alive.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace atelier {
namespace {

// Milliseconds of one unit; 0 for what is none.
int64_t UnitMilliseconds(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  return 0;
}

}  // namespace

Result<std::chrono::milliseconds> ParseKeepAlive(const Json& value) {
  constexpr double kMostSeconds = 1e9;  // thirty years
  const Error bad = Error::Invalid("keep_alive", "got " + value.Dump().substr(0, 40) +
                                                     ", want a text such as \"5m\", or seconds; negative is for ever")
                        .WithCode("invalid_value");
  if (value.is_number()) {
    const double seconds = value.AsDouble();
    if (!(seconds <= kMostSeconds)) return bad;
    return std::chrono::milliseconds(seconds < 0 ? -1 : static_cast<int64_t>(seconds * 1000));
  }
  if (!value.is_string()) return bad;
  std::string_view rest = value.AsString();
  if (rest.starts_with('-')) return std::chrono::milliseconds(-1);
  double total = 0;
  if (rest.empty()) return bad;
  while (!rest.empty()) {
    double count = 0;
    const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), count, std::chars_format::fixed);
    if (fault != std::errc()) return bad;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const std::string_view unit = rest.substr(0, std::min(rest.find_first_of("0123456789."), rest.size()));
    const int64_t scale = unit.empty() ? 1000 : UnitMilliseconds(unit);
    if (scale == 0) return bad;
    total += count * static_cast<double>(scale);
    rest.remove_prefix(unit.size());
  }
  if (!(total <= kMostSeconds * 1000)) return bad;
  return std::chrono::milliseconds(static_cast<int64_t>(total));
}

}  // namespace atelier
