#include "engine/grammar/number_exponent.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

constexpr int64_t kNoEnd = ExponentRange::kNoEnd;

struct Exponent {
  bool has_sign = false;  // or digits
  int64_t digits = -1;    // the number so far; -1: no digit yet
  std::vector<ExponentRange> ranges;
};

int64_t TakeNumber(std::string_view& text, int64_t without) {
  int64_t value = without;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

Exponent Read(std::string_view state) {
  CHECK(state.starts_with('e'));
  state.remove_prefix(1);
  Exponent exponent;
  if (state.starts_with('+')) exponent.has_sign = true, state.remove_prefix(1);
  exponent.digits = TakeNumber(state, -1);
  exponent.has_sign = exponent.has_sign || exponent.digits >= 0;
  if (state.empty()) exponent.ranges.push_back({exponent.has_sign ? 0 : -kNoEnd, kNoEnd});
  while (!state.empty()) {
    state.remove_prefix(1);  // '|' or ','
    ExponentRange range;
    range.low = TakeNumber(state, -kNoEnd);
    state.remove_prefix(1);  // '~'
    range.high = TakeNumber(state, kNoEnd);
    exponent.ranges.push_back(range);
  }
  return exponent;
}

std::string Write(const Exponent& exponent) {
  std::string state = "e";
  if (exponent.digits >= 0)
    state += std::to_string(exponent.digits);
  else if (exponent.has_sign)
    state += '+';
  const ExponentRange any{exponent.has_sign ? 0 : -kNoEnd, kNoEnd};
  if (exponent.ranges.size() == 1 && exponent.ranges[0] == any) return state;
  for (size_t i = 0; i < exponent.ranges.size(); ++i) {
    const ExponentRange& range = exponent.ranges[i];
    state += i == 0 ? '|' : ',';
    if (range.low != -kNoEnd) state += std::to_string(range.low);
    state += '~';
    if (range.high != kNoEnd) state += std::to_string(range.high);
  }
  return state;
}

// The sizes that do behind a sign.
std::vector<ExponentRange> Sizes(std::vector<ExponentRange> ranges, bool negative) {
  if (negative) {
    std::ranges::reverse(ranges);
    for (ExponentRange& range : ranges) range = {-range.high, -range.low};
  }
  std::erase_if(ranges, [](const ExponentRange& range) { return range.high < 0; });
  if (!ranges.empty()) ranges[0].low = std::max<int64_t>(ranges[0].low, 0);
  return ranges;
}

// Whether a number of the range begins with these digits.
bool Reaches(int64_t digits, const ExponentRange& range) {
  if (digits == 0 || range.high == kNoEnd) return true;
  for (int64_t low = digits, width = 1; low <= range.high; low *= 10, width *= 10) {
    if (low + width - 1 >= range.low) return true;
    if (range.high / 10 < low) break;
  }
  return false;
}

}  // namespace

std::optional<std::string> BeginExponent(std::vector<ExponentRange> ranges) {
  if (ranges.empty()) return std::nullopt;
  return Write({.has_sign = false, .digits = -1, .ranges = std::move(ranges)});
}

std::optional<std::string> NextInExponent(std::string_view state, char byte) {
  Exponent exponent = Read(state);
  const bool is_sign = byte == '+' || byte == '-';
  if ((is_sign && exponent.has_sign) || (!is_sign && (byte < '0' || byte > '9'))) return std::nullopt;
  if (!exponent.has_sign) exponent.ranges = Sizes(std::move(exponent.ranges), byte == '-');
  exponent.has_sign = true;
  auto& ranges = exponent.ranges;
  if (!is_sign) {
    const int64_t digits = std::max<int64_t>(exponent.digits, 0) * 10 + (byte - '0');
    // More digits only make it larger.
    std::erase_if(ranges, [&](const ExponentRange& range) { return range.high < digits; });
    if (std::ranges::none_of(ranges, [&](const ExponentRange& range) { return Reaches(digits, range); })) {
      return std::nullopt;
    }
    exponent.digits = digits;
    if (ranges[0].low <= digits && ranges[0].high == kNoEnd && (digits > 0 || ranges[0].low == 0)) {
      exponent.digits = 0;  // any more digits do, as behind a 0 of which any number does
      ranges[0].low = 0;
    }
  }
  if (ranges.empty()) return std::nullopt;
  return Write(exponent);
}

bool AcceptsExponent(std::string_view state) {
  const Exponent exponent = Read(state);
  const auto holds = [&](const ExponentRange& range) {
    return range.low <= exponent.digits && exponent.digits <= range.high;
  };
  return exponent.digits >= 0 && std::ranges::any_of(exponent.ranges, holds);
}

}  // namespace atelier
