// Units that a set of numbers distinguishes. For such a set, all that matters of a number beside its size is its
// pattern: which of the units divide it. A few units have few patterns, so sets are tables over patterns, and and, or
// and not are operations on bits.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/decimal.h"
#include "engine/grammar/natural.h"

namespace atelier {

// A number above 0, digits × 10^exponent, the digits without a zero at their end.
class NumberUnit {
 public:
  // Nothing where it has over Natural::kMaxDigits digits.   REQUIRES: value > 0.
  static std::optional<NumberUnit> From(const Decimal& value);

  const Natural& digits() const { return digits_; }
  int64_t exponent() const { return exponent_; }
  bool IsPowerOfTen() const { return digits_ == Natural(1); }
  // Whether it divides digits × 10^exponent; any zeros before and behind the digits.
  bool Divides(std::string_view digits, int64_t exponent) const;
  // The least k for which it divides digits × 10^(exponent + k); nothing where none does.   REQUIRES: digits not 0.
  std::optional<int64_t> LeastExponent(std::string_view digits, int64_t exponent) const;
  // A number modulo `digits()`.
  Natural Remainder(std::string_view number) const;

  // Nothing where it takes over Natural::kMaxDigits digits.
  static std::optional<NumberUnit> LeastCommonMultiple(const NumberUnit& a, const NumberUnit& b);

 private:
  NumberUnit(Natural digits, int64_t exponent);
  Natural digits_;
  int64_t exponent_;
  int64_t enough_zeros_ = 0;  // behind a number supply all the factors of 2 and 5 that the digits have
};

// digits × 10^exponent, at least 0; no digits is 0. The digits live elsewhere.
struct NumberDigits {
  std::string_view digits;
  int64_t exponent = 0;
};
// Numbers from 0 up.
struct NumberSpan {
  NumberDigits low;
  bool low_open = false;
  std::optional<NumberDigits> high;
  bool high_open = false;
};
// digits × 10^exponent, on its own.
struct NumberText {
  std::string digits;
  int64_t exponent = 0;
};

// Immutable.
class NumberUnits {
 public:
  static constexpr size_t kMaxUnits = 8;
  using Pattern = size_t;             // bit i: unit i divides the number
  using Patterns = std::bitset<256>;  // a set of them

  // Nothing over kMaxUnits, or where a common multiple takes too many digits.   REQUIRES: sorted, above 0, no two
  // alike.
  static std::shared_ptr<const NumberUnits> Create(std::vector<Decimal> values);

  const std::vector<Decimal>& values() const { return values_; }
  size_t num_units() const { return units_.size(); }
  size_t num_patterns() const { return size_t{1} << units_.size(); }
  const NumberUnit& unit(size_t i) const { return units_[i]; }
  // The patterns that numbers have.
  const Patterns& possible() const { return possible_; }
  // What a multiple of every unit of the pattern is a multiple of.   REQUIRES: pattern != 0.
  const NumberUnit& common(Pattern pattern) const { return common_[pattern - 1]; }

  Pattern PatternOf(std::string_view digits, int64_t exponent) const;
  Pattern PatternOf(const Decimal& value) const;
  // Numbers of the span with exactly this pattern, lowest first; stops after `limit`.
  // REQUIRES: possible, pattern != 0, high is given.
  std::vector<NumberText> Find(const NumberSpan& span, Pattern pattern, int64_t limit) const;
  // Whether the span holds a number of one of these patterns.   REQUIRES: low < high.
  bool Any(const NumberSpan& span, const Patterns& patterns) const;

 private:
  explicit NumberUnits(std::vector<Decimal> values) : values_(std::move(values)) {}
  std::vector<Decimal> values_;
  std::vector<NumberUnit> units_;
  std::vector<NumberUnit> common_;  // by pattern - 1
  Patterns possible_;
};

}  // namespace atelier
