// Whole numbers from 0 to 2^256 - 1: what units of numbers (multipleOf) are computed in.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atelier {

class Natural {
 public:
  static constexpr size_t kMaxDigits = 64;  // of what FromDigits takes; leaves room for a product by 10^13

  constexpr Natural() = default;
  explicit constexpr Natural(uint64_t value) : limbs_{value, 0, 0, 0} {}
  // Nothing over kMaxDigits digits.   REQUIRES: digits only.
  static std::optional<Natural> FromDigits(std::string_view digits);
  std::string Digits() const;  // "0" for zero

  bool is_zero() const { return *this == Natural(); }
  bool FitsWord() const { return (limbs_[1] | limbs_[2] | limbs_[3]) == 0; }
  uint64_t word() const { return limbs_[0]; }  // the lowest 64 bits
  bool operator==(const Natural&) const = default;
  std::strong_ordering operator<=>(const Natural& other) const;

  // this × factor + addend, in place; false where that does not fit, and then the value is void.
  bool MultiplyAdd(uint64_t factor, uint64_t addend);
  // Divides in place and gives the remainder.   REQUIRES: divisor > 0.
  uint64_t DivideBy(uint64_t divisor);
  // REQUIRES: other <= *this.
  Natural operator-(const Natural& other) const;
  std::optional<Natural> Times(const Natural& other) const;  // nothing where it does not fit
  struct Division;
  // REQUIRES: divisor > 0.   COST: a subtraction for each bit.
  Division Divide(const Natural& divisor) const;

 private:
  std::array<uint64_t, 4> limbs_{};  // lowest first
};

struct Natural::Division {
  Natural quotient, remainder;
};

// REQUIRES: not both are 0.
Natural GreatestCommonDivisor(Natural a, Natural b);

}  // namespace atelier
