// A number without an exponent, written so far: "", "-", "12", "12.", "0.05".
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/grammar/number_line.h"

namespace atelier {

struct WrittenNumber {
  // REQUIRES: the text outlives this.
  explicit WrittenNumber(std::string_view written) : text(written) {
    std::string_view rest = text;
    negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    const size_t point = std::min(rest.find('.'), rest.size());
    has_point = point < rest.size();
    whole = rest.substr(0, point);
    if (has_point) fraction = rest.substr(point + 1);
    magnitude = static_cast<int64_t>(whole.size());
    if (whole == "0") {
      const size_t zeros = std::min(fraction.find_first_not_of('0'), fraction.size());
      magnitude = -static_cast<int64_t>(zeros);
      digits = fraction.substr(zeros);
    } else {
      digits = whole;
      digits += fraction;
    }
  }

  bool IsWhole() const { return !whole.empty() && (!has_point || !fraction.empty()); }
  NumberCell cell() const { return {digits, magnitude}; }
  int64_t num_fraction_digits() const { return static_cast<int64_t>(fraction.size()); }

  std::string_view text;
  bool negative = false, has_point = false;
  std::string_view whole, fraction;
  std::string digits;     // without zeros before
  int64_t magnitude = 0;  // the value is 0.digits × 10^magnitude
};

}  // namespace atelier
