#include "base/text/decimal.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/check.h"

namespace atelier {
namespace {

constexpr int64_t kMaxExponent = int64_t{1} << 62;
constexpr size_t kMaxPlainText = 24;  // characters

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of `text`.
std::string_view TakeDigits(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

// What stands after a number's digits: "", "e5", "E+05". Nothing for any other text; too large a size stands for all
// larger ones.
std::optional<int64_t> ParseExponent(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::string_view digits = TakeDigits(text);
  if (digits.empty() || !text.empty()) return std::nullopt;
  int64_t size = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (status != std::errc() || size > kMaxExponent) size = kMaxExponent;
  return negative ? -size : size;
}

// Appends a decimal digit to a number of limbs in base 10^9, lowest first.
void AppendDigit(std::vector<uint32_t>& limbs, uint32_t digit) {
  uint64_t carry = digit;
  for (uint32_t& limb : limbs) {
    carry += uint64_t{limb} * 10;
    limb = static_cast<uint32_t>(carry % 1'000'000'000);
    carry /= 1'000'000'000;
  }
  CHECK(carry == 0);
}

bool AtLeast(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  return !std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

// a -= b.   REQUIRES: a >= b, of the same number of limbs.
void Subtract(std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  int64_t borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    borrow += int64_t{a[i]} - b[i];
    a[i] = static_cast<uint32_t>(borrow < 0 ? borrow + 1'000'000'000 : borrow);
    borrow = borrow < 0 ? -1 : 0;
  }
  CHECK(borrow == 0);
}

// Whether `unit` divides `digits` followed by `zeros` zeros.
bool DividesLarge(std::string_view unit, std::string_view digits, size_t zeros) {
  std::vector<uint32_t> divisor(unit.size() / 9 + 1);  // a digit of room, so that ten times a remainder fits
  for (const char c : unit) AppendDigit(divisor, static_cast<uint32_t>(c - '0'));
  std::vector<uint32_t> remainder(divisor.size());
  for (size_t i = 0; i < digits.size() + zeros; ++i) {
    AppendDigit(remainder, i < digits.size() ? static_cast<uint32_t>(digits[i] - '0') : 0);
    while (AtLeast(remainder, divisor)) Subtract(remainder, divisor);
  }
  return std::ranges::all_of(remainder, [](uint32_t limb) { return limb == 0; });
}

bool Divides(std::string_view unit, std::string_view digits, size_t zeros) {
  if (unit.size() > 18) return DividesLarge(unit, digits, zeros);
  uint64_t divisor = 0;
  std::from_chars(unit.data(), unit.data() + unit.size(), divisor);
  uint64_t remainder = 0;
  for (size_t i = 0; i < digits.size() + zeros; ++i) {
    const uint64_t digit = i < digits.size() ? static_cast<uint64_t>(digits[i] - '0') : 0;
    remainder = (remainder * 10 + digit) % divisor;  // below 10^19, which 64 bits hold
  }
  return remainder == 0;
}

}  // namespace

Decimal::Decimal(int64_t value) : negative_(value < 0) {
  if (value == 0) return;
  digits_ = std::to_string(value).substr(negative_ ? 1 : 0);
  exponent_ = static_cast<int64_t>(digits_.size() - 1 - digits_.find_last_not_of('0'));
  digits_.resize(digits_.size() - static_cast<size_t>(exponent_));
}

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  Decimal result;
  result.negative_ = text.starts_with('-');
  if (result.negative_) text.remove_prefix(1);
  const std::string_view whole = TakeDigits(text);
  if (whole.empty() || (whole.size() > 1 && whole[0] == '0')) return std::nullopt;
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = TakeDigits(text);
    if (fraction.empty()) return std::nullopt;
  }
  const std::optional<int64_t> exponent = ParseExponent(text);
  if (!exponent) return std::nullopt;

  result.digits_.append(whole).append(fraction);
  const size_t last = result.digits_.find_last_not_of('0');
  if (last == std::string::npos) return Decimal();
  if (*exponent <= -kMaxExponent || *exponent >= kMaxExponent) return std::nullopt;
  result.exponent_ =
      *exponent - static_cast<int64_t>(fraction.size()) + static_cast<int64_t>(result.digits_.size() - 1 - last);
  result.digits_.resize(last + 1);
  result.digits_.erase(0, result.digits_.find_first_not_of('0'));
  return result;
}

bool Decimal::IsMultipleOf(const Decimal& unit) const {
  CHECK(!unit.is_zero() && !unit.negative());
  if (is_zero()) return true;
  if (exponent_ < unit.exponent_) return false;  // no digits end in 0, so none are a multiple of 10
  // A digit of the unit has room for less than 4 factors of 2 or of 5: more zeros than that add nothing.
  const auto zeros =
      static_cast<size_t>(std::min(exponent_ - unit.exponent_, static_cast<int64_t>(unit.digits_.size()) * 4));
  return Divides(unit.digits_, digits_, zeros);
}

std::optional<int64_t> Decimal::AsInt64() const {
  if (exponent_ < 0 || exponent_ > 18) return std::nullopt;
  const std::string text = (negative_ ? "-" : "") + (is_zero() ? "0" : digits_) + std::string(exponent_, '0');
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc() ? std::optional(value) : std::nullopt;
}

std::string Decimal::Text() const {
  if (is_zero()) return "0";
  const std::string sign = negative_ ? "-" : "";
  const auto size = static_cast<int64_t>(digits_.size());
  const int64_t point = size + exponent_;  // where the decimal point stands among the digits
  const int64_t plain = exponent_ >= 0 ? point : point > 0 ? size + 1 : 2 - point + size;
  if (sign.size() + static_cast<size_t>(plain) > kMaxPlainText) {
    return sign + digits_ + (exponent_ == 0 ? "" : "e" + std::to_string(exponent_));
  }
  if (exponent_ >= 0) return sign + digits_ + std::string(static_cast<size_t>(exponent_), '0');
  if (point <= 0) return sign + "0." + std::string(static_cast<size_t>(-point), '0') + digits_;
  const auto cut = static_cast<size_t>(point);
  return sign + digits_.substr(0, cut) + "." + digits_.substr(cut);
}

Decimal Decimal::operator-() const {
  Decimal result = *this;
  result.negative_ = !is_zero() && !negative_;
  return result;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  if (is_zero() || other.is_zero() || negative_ != other.negative_) {
    const auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : d.negative_ ? -1 : 1; };
    return sign(*this) <=> sign(other);
  }
  const Decimal& a = negative_ ? other : *this;
  const Decimal& b = negative_ ? *this : other;
  const auto size_a = static_cast<int64_t>(a.digits_.size()) + a.exponent_;
  const auto size_b = static_cast<int64_t>(b.digits_.size()) + b.exponent_;
  if (size_a != size_b) return size_a <=> size_b;
  return a.digits_ <=> b.digits_;
}

}  // namespace atelier
