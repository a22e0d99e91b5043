#include "engine/grammar/number_units.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

// Of so many whole numbers in a row, one is a multiple of none of 7 divisors above 1: Jacobsthal's function of a
// product of 7 primes is 26.
constexpr int64_t kMaxMissesInARow = 26;
// Units below this are reduced in words: ten times a remainder, and a digit, fit 64 bits.
constexpr uint64_t kMaxWordUnit = 1'000'000'000'000'000'000;

std::string_view WithoutZerosBehind(std::string_view digits) {
  while (digits.ends_with('0')) digits.remove_suffix(1);
  return digits;
}

void StripZerosBefore(std::string& digits) { digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size())); }

// Both without zeros before.
bool Below(std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

// number += addend, both whole numbers in digits; the sum has no zeros before.
void Add(std::string& number, std::string_view addend) {
  if (number.size() < addend.size() + 1)
    number.insert(0, addend.size() + 1 - number.size(), '0');
  else
    number.insert(0, 1, '0');
  int carry = 0;
  for (size_t i = 0; i < number.size() && (i < addend.size() || carry != 0); ++i) {
    char& digit = number[number.size() - 1 - i];
    const int sum = digit - '0' + carry + (i < addend.size() ? addend[addend.size() - 1 - i] - '0' : 0);
    digit = static_cast<char>('0' + sum % 10);
    carry = sum / 10;
  }
  StripZerosBefore(number);
}

// The least whole number n with n × 10^exponent at least `value`, above it where `above`.
std::string RoundUp(const NumberDigits& value, int64_t exponent, bool above) {
  std::string whole(value.digits);
  const int64_t shift = value.exponent - exponent;
  bool exact = true;
  if (shift >= 0) {
    whole.append(static_cast<size_t>(shift), '0');
  } else {
    const size_t dropped = std::min(static_cast<size_t>(-shift), whole.size());
    exact = whole.find_first_not_of('0', whole.size() - dropped) == std::string::npos;
    whole.resize(whole.size() - dropped);
  }
  StripZerosBefore(whole);
  if (!exact || above) Add(whole, "1");
  return whole;
}

}  // namespace

std::optional<NumberUnit> NumberUnit::From(const Decimal& value) {
  CHECK(!value.negative() && !value.is_zero());
  const auto digits = Natural::FromDigits(value.digits());
  if (!digits) return std::nullopt;
  return NumberUnit(*digits, value.exponent());
}

NumberUnit::NumberUnit(Natural digits, int64_t exponent) : digits_(digits), exponent_(exponent) {
  for (const uint64_t prime : {2U, 5U}) {
    int64_t count = 0;
    for (Natural rest = digits; rest.DivideBy(prime) == 0;) ++count;
    enough_zeros_ = std::max(enough_zeros_, count);
  }
}

Natural NumberUnit::Remainder(std::string_view number) const {
  if (digits_.FitsWord() && digits_.word() < kMaxWordUnit) {
    uint64_t remainder = 0;
    for (const char c : number) remainder = (remainder * 10 + static_cast<uint64_t>(c - '0')) % digits_.word();
    return Natural(remainder);
  }
  Natural remainder;
  for (const char c : number) {
    remainder.MultiplyAdd(10, static_cast<uint64_t>(c - '0'));
    while (remainder >= digits_) remainder = remainder - digits_;
  }
  return remainder;
}

std::optional<int64_t> NumberUnit::LeastExponent(std::string_view digits, int64_t exponent) const {
  const std::string_view kept = WithoutZerosBehind(digits);
  CHECK(!kept.empty());
  const int64_t lowest = exponent_ - exponent - static_cast<int64_t>(digits.size() - kept.size());
  if (IsPowerOfTen()) return lowest;
  Natural remainder = Remainder(kept);
  for (int64_t zeros = 0; zeros <= enough_zeros_; ++zeros) {
    if (remainder.is_zero()) return lowest + zeros;
    remainder.MultiplyAdd(10, 0);
    while (remainder >= digits_) remainder = remainder - digits_;
  }
  return std::nullopt;
}

bool NumberUnit::Divides(std::string_view digits, int64_t exponent) const {
  const std::string_view kept = WithoutZerosBehind(digits);
  if (kept.empty()) return true;
  exponent += static_cast<int64_t>(digits.size() - kept.size());
  if (exponent < exponent_) return false;
  if (IsPowerOfTen()) return true;
  Natural remainder = Remainder(kept);
  for (int64_t zeros = std::min(exponent - exponent_, enough_zeros_); zeros > 0 && !remainder.is_zero(); --zeros) {
    remainder.MultiplyAdd(10, 0);
    while (remainder >= digits_) remainder = remainder - digits_;
  }
  return remainder.is_zero();
}

// Factors 2 and 5 are counted apart, so that exponents of any size meet without zeros being written out.
std::optional<NumberUnit> NumberUnit::LeastCommonMultiple(const NumberUnit& a, const NumberUnit& b) {
  struct Parts {
    int64_t twos, fives;
    Natural rest;
  };
  const auto split = [](const NumberUnit& unit) {
    Parts parts{unit.exponent_, unit.exponent_, unit.digits_};
    for (auto [prime, count] : {std::pair(2U, &parts.twos), std::pair(5U, &parts.fives)}) {
      for (Natural next = parts.rest; next.DivideBy(prime) == 0; parts.rest = next) ++*count;
    }
    return parts;
  };
  const Parts x = split(a), y = split(b);
  const int64_t twos = std::max(x.twos, y.twos), fives = std::max(x.fives, y.fives);
  auto digits = x.rest.Divide(GreatestCommonDivisor(x.rest, y.rest)).quotient.Times(y.rest);
  const int64_t exponent = std::min(twos, fives);
  for (int64_t i = exponent; digits && i < std::max(twos, fives); ++i) {
    if (!digits->MultiplyAdd(twos > fives ? 2 : 5, 0)) return std::nullopt;
  }
  if (!digits || digits->Digits().size() > Natural::kMaxDigits) return std::nullopt;
  return NumberUnit(*digits, exponent);
}

std::shared_ptr<const NumberUnits> NumberUnits::Create(std::vector<Decimal> values) {
  if (values.size() > kMaxUnits) return nullptr;
  std::shared_ptr<NumberUnits> result(new NumberUnits(std::move(values)));
  for (const Decimal& value : result->values_) {
    const auto unit = NumberUnit::From(value);
    if (!unit) return nullptr;
    result->units_.push_back(*unit);
  }
  result->possible_.set(0);
  for (Pattern pattern = 1; pattern < result->num_patterns(); ++pattern) {
    const size_t lowest = static_cast<size_t>(std::countr_zero(pattern));
    const Pattern others = pattern & (pattern - 1);
    const auto common = others == 0 ? std::optional(result->units_[lowest])
                                    : NumberUnit::LeastCommonMultiple(result->common(others), result->units_[lowest]);
    if (!common) return nullptr;
    result->common_.push_back(*common);
    // The common multiple itself has the pattern exactly, unless what it has to be a multiple of brings others along.
    const bool exact = result->PatternOf(common->digits().Digits(), common->exponent()) == pattern;
    result->possible_.set(pattern, exact);
  }
  return result;
}

NumberUnits::Pattern NumberUnits::PatternOf(std::string_view digits, int64_t exponent) const {
  Pattern pattern = 0;
  for (size_t i = 0; i < units_.size(); ++i) {
    if (units_[i].Divides(digits, exponent)) pattern |= size_t{1} << i;
  }
  return pattern;
}

NumberUnits::Pattern NumberUnits::PatternOf(const Decimal& value) const {
  return PatternOf(value.digits(), value.exponent());
}

std::vector<NumberText> NumberUnits::Find(const NumberSpan& span, Pattern pattern, int64_t limit) const {
  CHECK(pattern != 0 && span.high.has_value());
  std::vector<NumberText> found;
  const NumberUnit& step = common(pattern);
  const std::string step_digits = step.digits().Digits();
  std::string number = RoundUp(span.low, step.exponent(), span.low_open);
  if (const Natural over = step.Remainder(number); !over.is_zero()) Add(number, (step.digits() - over).Digits());
  const std::string end = RoundUp(*span.high, step.exponent(), !span.high_open);
  for (int64_t misses = 0; Below(number, end) && misses <= kMaxMissesInARow; Add(number, step_digits)) {
    if (PatternOf(number, step.exponent()) != pattern) {
      ++misses;
      continue;
    }
    misses = 0;
    found.push_back({number, step.exponent()});
    if (std::ssize(found) >= limit) break;
  }
  return found;
}

bool NumberUnits::Any(const NumberSpan& span, const Patterns& patterns) const {
  const Patterns wanted = patterns & possible_;
  if (wanted.test(0)) return true;  // between any two numbers there is one that no unit divides
  if (!span.high) return wanted.any();
  for (Pattern pattern = 1; pattern < num_patterns(); ++pattern) {
    if (wanted.test(pattern) && !Find(span, pattern, 1).empty()) return true;
  }
  return false;
}

}  // namespace atelier
