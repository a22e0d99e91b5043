#include "agent/tools/rational.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

// OpenSSL's functions want a place for what is between.
BN_CTX* Scratch() {
  thread_local const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), &BN_CTX_free);
  CHECK(context != nullptr);
  return context.get();
}

Error TooLarge() { return Error::TooLarge("", "the number would have more than 10000 digits, want fewer"); }

Result<void> CheckBits(int64_t bits) {
  if (bits > kMaxRationalBits) return TooLarge();
  return {};
}

int64_t NumDigits(const BigInteger& number) {
  const auto length = static_cast<int64_t>(number.Text().size());
  return number.negative() ? length - 1 : length;
}

// number * 10^by; the number itself where `by` is negative, because then the other side of a ratio is scaled.
BigInteger Scaled(const BigInteger& number, int64_t by) {
  return by > 0 ? number * BigInteger::PowerOfTen(by) : number;
}

// The nearest whole number to a / b, halves up.   REQUIRES: a >= 0, b > 0.
BigInteger RoundedRatio(const BigInteger& a, const BigInteger& b) { return (a * 2 + b).FloorDiv(b * 2); }

}  // namespace

void BigInteger::Free::operator()(bignum_st* number) const { BN_free(number); }

BigInteger::BigInteger(int64_t value) : number_(BN_new()) {
  const uint64_t size = value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  CHECK(number_ != nullptr && BN_set_word(number_.get(), size) == 1);
  BN_set_negative(number_.get(), value < 0 ? 1 : 0);
}
BigInteger::BigInteger(const BigInteger& other) : number_(BN_dup(other.number_.get())) { CHECK(number_ != nullptr); }
BigInteger::~BigInteger() = default;

BigInteger BigInteger::FromDigits(std::string_view digits) {
  BigInteger result;
  BIGNUM* number = result.number_.get();
  CHECK(BN_dec2bn(&number, std::string(digits).c_str()) == static_cast<int>(digits.size()));
  return result;
}

BigInteger BigInteger::PowerOfTen(int64_t exponent) {
  CHECK(exponent >= 0);
  BigInteger result = 1, factor = 10;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = result * factor;
    if (exponent > 1) factor = factor * factor;
  }
  return result;
}

std::string BigInteger::Text() const {
  const std::unique_ptr<char, void (*)(char*)> text(BN_bn2dec(number_.get()), [](char* p) { OPENSSL_free(p); });
  CHECK(text != nullptr);
  return text.get();
}
bool BigInteger::negative() const { return BN_is_negative(number_.get()) != 0; }
bool BigInteger::is_zero() const { return BN_is_zero(number_.get()) != 0; }
bool BigInteger::is_odd() const { return BN_is_odd(number_.get()) != 0; }
int64_t BigInteger::num_bits() const { return BN_num_bits(number_.get()); }

std::optional<int64_t> BigInteger::AsInt64() const {
  if (num_bits() > 63) return std::nullopt;
  const auto size = static_cast<int64_t>(BN_get_word(number_.get()));
  return negative() ? -size : size;
}

BigInteger BigInteger::operator-() const {
  BigInteger result = *this;
  BN_set_negative(result.number_.get(), negative() ? 0 : 1);
  return result;
}
BigInteger BigInteger::operator+(const BigInteger& other) const {
  BigInteger result;
  CHECK(BN_add(result.number_.get(), number_.get(), other.number_.get()) == 1);
  return result;
}
BigInteger BigInteger::operator-(const BigInteger& other) const {
  BigInteger result;
  CHECK(BN_sub(result.number_.get(), number_.get(), other.number_.get()) == 1);
  return result;
}
BigInteger BigInteger::operator*(const BigInteger& other) const {
  BigInteger result;
  CHECK(BN_mul(result.number_.get(), number_.get(), other.number_.get(), Scratch()) == 1);
  return result;
}

BigInteger BigInteger::FloorDiv(const BigInteger& other) const {
  CHECK(!other.is_zero());
  BigInteger quotient, rest;
  CHECK(BN_div(quotient.number_.get(), rest.number_.get(), number_.get(), other.number_.get(), Scratch()) == 1);
  if (!rest.is_zero() && negative() != other.negative()) quotient = quotient - 1;
  return quotient;
}

// Newton's way from above: the guesses fall until they would rise.
BigInteger BigInteger::Root() const {
  CHECK(!negative());
  if (is_zero()) return 0;
  BigInteger guess;
  CHECK(BN_set_bit(guess.number_.get(), static_cast<int>((num_bits() + 1) / 2)) == 1);
  while (true) {
    BigInteger next = (guess + FloorDiv(guess)).FloorDiv(2);
    if (next >= guess) return guess;
    guess = std::move(next);
  }
}

std::strong_ordering BigInteger::operator<=>(const BigInteger& other) const {
  return BN_cmp(number_.get(), other.number_.get()) <=> 0;
}

// Not BN_gcd: it takes the same time whatever the numbers, which is far longer for large ones.
BigInteger Gcd(BigInteger a, BigInteger b) {
  if (a.negative()) a = -a;
  if (b.negative()) b = -b;
  while (!b.is_zero()) {
    BigInteger rest = a - a.FloorDiv(b) * b;
    a = std::exchange(b, std::move(rest));
  }
  return a;
}

Result<Rational> Rational::Of(BigInteger numerator, BigInteger denominator) {
  CHECK(!denominator.is_zero());
  const BigInteger divisor = Gcd(numerator, denominator);
  Rational result;
  result.numerator_ = numerator.FloorDiv(divisor);
  result.denominator_ = denominator.FloorDiv(divisor);
  if (result.denominator_.negative()) {
    result.numerator_ = -result.numerator_;
    result.denominator_ = -result.denominator_;
  }
  TRY_VOID(CheckBits(std::max(result.numerator_.num_bits(), result.denominator_.num_bits())));
  return result;
}

Rational Rational::operator-() const {
  Rational result = *this;
  result.numerator_ = -numerator_;
  return result;
}

Result<Rational> Rational::Plus(const Rational& other) const {
  if (is_integer() && other.is_integer()) return Of(numerator_ + other.numerator_, 1);
  return Of(numerator_ * other.denominator_ + other.numerator_ * denominator_, denominator_ * other.denominator_);
}
Result<Rational> Rational::Times(const Rational& other) const {
  return Of(numerator_ * other.numerator_, denominator_ * other.denominator_);
}
Result<Rational> Rational::Over(const Rational& other) const {
  if (other.is_zero()) return Error::Invalid("", "got a division by zero, want a divisor that is not 0");
  return Of(numerator_ * other.denominator_, denominator_ * other.numerator_);
}
Result<Rational> Rational::Modulo(const Rational& other) const {
  TRY(const Rational quotient, Over(other));
  TRY(const Rational whole, other.Times(Rational(quotient.Floor())));
  return Plus(-whole);
}

Result<Rational> Rational::Power(int64_t exponent) const {
  if (exponent == 0 || *this == Rational(1)) return Rational(1);
  if (exponent < 0) {
    if (exponent == INT64_MIN) return TooLarge();
    TRY(const Rational inverse, Rational(1).Over(*this));
    return inverse.Power(-exponent);
  }
  if (is_zero()) return *this;
  const int64_t bits = std::max(numerator_.num_bits(), denominator_.num_bits());
  // A number of n bits is 2^(n-1) at least; only 1 and -1 stay as large as they are.
  if (bits > 1 && (bits - 1) > kMaxRationalBits / exponent) return TooLarge();
  if (bits <= 1) return exponent % 2 == 0 ? Rational(1) : *this;
  Rational result = 1, factor = *this;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) {
      TRY(result, result.Times(factor));
    }
    if (exponent > 1) {
      TRY(factor, factor.Times(factor));
    }
  }
  return result;
}

BigInteger Rational::Rounded() const {
  const BigInteger rounded = RoundedRatio(negative() ? -numerator_ : numerator_, denominator_);
  return negative() ? -rounded : rounded;
}

std::strong_ordering Rational::operator<=>(const Rational& other) const {
  return numerator_ * other.denominator_ <=> other.numerator_ * denominator_;
}

std::string Rational::Text() const {
  return is_integer() ? numerator_.Text() : numerator_.Text() + "/" + denominator_.Text();
}

std::optional<int64_t> Rational::DecimalPlaces() const {
  int64_t twos = 0, fives = 0;
  BigInteger rest = denominator_;
  const auto strip = [&rest](const BigInteger& factor, int64_t& count) {
    while (true) {
      BigInteger quotient = rest.FloorDiv(factor);
      if (quotient * factor != rest) return;
      rest = std::move(quotient);
      ++count;
    }
  };
  strip(2, twos);
  strip(5, fives);
  if (rest != BigInteger(1)) return std::nullopt;
  return std::max(twos, fives);
}

std::string Rational::Decimal(int64_t digits) const {
  CHECK(digits >= 1);
  if (is_zero()) return "0";
  const BigInteger size = negative() ? -numerator_ : numerator_;
  // The exponent of the first digit, by the lengths of both parts; one too high at times.
  int64_t exponent = NumDigits(size) - NumDigits(denominator_);
  if (Scaled(size, -exponent) < Scaled(denominator_, exponent)) --exponent;
  const int64_t shift = digits - 1 - exponent;
  std::string text = RoundedRatio(Scaled(size, shift), Scaled(denominator_, -shift)).Text();
  exponent += static_cast<int64_t>(text.size()) - digits;  // rounded up to the next power of ten
  text.erase(std::max<size_t>(1, text.find_last_not_of('0') + 1));
  const std::string sign = negative() ? "-" : "";
  const auto known = static_cast<int64_t>(text.size());
  if (exponent < -7 || exponent >= digits) {
    if (known > 1) text.insert(1, ".");
    return sign + text + "e" + (exponent < 0 ? "-" : "+") + std::to_string(exponent < 0 ? -exponent : exponent);
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + text;
  if (known <= exponent + 1) return sign + text + std::string(static_cast<size_t>(exponent + 1 - known), '0');
  return sign + text.insert(static_cast<size_t>(exponent + 1), ".");
}

Result<RootOf> SquareRoot(const Rational& value, int64_t digits) {
  CHECK(!value.negative());
  const BigInteger top = value.numerator().Root(), bottom = value.denominator().Root();
  if (top * top == value.numerator() && bottom * bottom == value.denominator()) {
    TRY(Rational exact, Rational::Of(top, bottom));
    return RootOf{std::move(exact), true};
  }
  // sqrt(n / d) = sqrt(n * 10^(2k) / d) / 10^k, with k such that enough digits stand before the point.
  const int64_t length = (NumDigits(value.numerator()) - NumDigits(value.denominator())) / 2;
  const int64_t places = std::max<int64_t>(0, digits - length + 2);
  const BigInteger root = Scaled(value.numerator(), 2 * places).FloorDiv(value.denominator()).Root();
  TRY(Rational near, Rational::Of(root, BigInteger::PowerOfTen(places)));
  return RootOf{std::move(near), false};
}

}  // namespace atelier
