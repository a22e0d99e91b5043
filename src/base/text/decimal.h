// A decimal number, exactly: what JSON's numbers are. Equal values have equal representations, so 1, 1.0 and 10e-1 are
// one Decimal. Nothing here costs more than the digits that were written: 1e999999999 is a small value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atelier {

class Decimal {
 public:
  Decimal() = default;  // 0
  Decimal(int64_t value);
  // A number in JSON's grammar. Nothing for any other text, and where the exponent does not fit 62 bits.
  static std::optional<Decimal> Parse(std::string_view text);

  bool is_zero() const { return digits_.empty(); }
  bool negative() const { return negative_; }
  // The value is ±digits × 10^exponent; no zero at either end of the digits, none and exponent 0 for zero.
  const std::string& digits() const { return digits_; }
  int64_t exponent() const { return exponent_; }

  bool IsInteger() const { return exponent_ >= 0; }
  // Whether this is a whole multiple of `unit`.   REQUIRES: unit > 0.
  // COST: digits of both, multiplied where the unit has over 18; exponents cost nothing.
  bool IsMultipleOf(const Decimal& unit) const;
  std::optional<int64_t> AsInt64() const;  // nothing where it is no integer or does not fit
  // The shortest text in JSON's grammar, without an exponent where that takes at most 24 characters.
  std::string Text() const;

  Decimal operator-() const;
  bool operator==(const Decimal&) const = default;
  std::strong_ordering operator<=>(const Decimal& other) const;

 private:
  std::string digits_;
  int64_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace atelier
