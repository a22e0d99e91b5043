// Exact rational numbers of any size up to a bound: what the calculator counts with. A Rational is in lowest terms with
// a positive denominator. Numbers over kMaxRationalBits in either part are errors (kTooLarge); powers find so before
// they work. No operation takes more than some tenths of a second.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct bignum_st;  // OpenSSL's

namespace atelier {

inline constexpr int64_t kMaxRationalBits = 33'220;  // 10,000 decimal digits

// A whole number.
class BigInteger {
 public:
  BigInteger(int64_t value = 0);
  BigInteger(const BigInteger& other);
  BigInteger(BigInteger&& other) noexcept = default;
  BigInteger& operator=(BigInteger other) noexcept {
    number_.swap(other.number_);
    return *this;
  }
  ~BigInteger();

  // Digits alone.   REQUIRES: one at least.
  static BigInteger FromDigits(std::string_view digits);
  static BigInteger PowerOfTen(int64_t exponent);

  std::string Text() const;
  bool negative() const;
  bool is_zero() const;
  bool is_odd() const;
  int64_t num_bits() const;
  std::optional<int64_t> AsInt64() const;

  BigInteger operator-() const;
  BigInteger operator+(const BigInteger& other) const;
  BigInteger operator-(const BigInteger& other) const;
  BigInteger operator*(const BigInteger& other) const;
  // Quotient rounded down (to minus infinity).   REQUIRES: other is not 0.
  BigInteger FloorDiv(const BigInteger& other) const;
  // The largest whole number whose square is not above this.   REQUIRES: not negative.
  BigInteger Root() const;
  std::strong_ordering operator<=>(const BigInteger& other) const;
  bool operator==(const BigInteger& other) const { return (*this <=> other) == 0; }

 private:
  struct Free {
    void operator()(bignum_st* number) const;
  };
  std::unique_ptr<bignum_st, Free> number_;
};

// Not negative; of 0 and 0, 0.
BigInteger Gcd(BigInteger a, BigInteger b);

class Rational {
 public:
  Rational(BigInteger whole = 0) : numerator_(std::move(whole)), denominator_(1) {}
  Rational(int64_t whole) : Rational(BigInteger(whole)) {}
  // REQUIRES: denominator is not 0.
  static Result<Rational> Of(BigInteger numerator, BigInteger denominator);

  const BigInteger& numerator() const { return numerator_; }
  const BigInteger& denominator() const { return denominator_; }
  bool is_integer() const { return denominator_ == BigInteger(1); }
  bool negative() const { return numerator_.negative(); }
  bool is_zero() const { return numerator_.is_zero(); }

  Rational operator-() const;
  Result<Rational> Plus(const Rational& other) const;
  Result<Rational> Times(const Rational& other) const;
  // Error: kInvalid where other is 0.
  Result<Rational> Over(const Rational& other) const;
  // this - other * floor(this / other): the sign is other's.
  Result<Rational> Modulo(const Rational& other) const;
  Result<Rational> Power(int64_t exponent) const;
  BigInteger Floor() const { return numerator_.FloorDiv(denominator_); }
  // Halves go away from zero.
  BigInteger Rounded() const;
  std::strong_ordering operator<=>(const Rational& other) const;
  bool operator==(const Rational& other) const { return (*this <=> other) == 0; }

  // "7/2", "-3".
  std::string Text() const;
  // Whether some number of decimal digits says it exactly: how many after the point.
  std::optional<int64_t> DecimalPlaces() const;
  // With so many significant digits, halves away from zero; "1.5e+30" where the exponent is below -7 or not below
  // `digits`. Without zeros at the end.
  std::string Decimal(int64_t digits) const;

 private:
  BigInteger numerator_, denominator_;
};

// The root of a number that is not negative: exact where it is rational, else to `digits` significant digits at least.
struct RootOf {
  Rational value;
  bool exact = false;
};
Result<RootOf> SquareRoot(const Rational& value, int64_t digits);

}  // namespace atelier
