// Writing a number of a set, byte by byte: can this text still become a member?
//
// Spellings
//   kAny    Any number of digits. On a side of 0 where the set has no bound, value or unit other than 1: all that JSON
//           allows. Elsewhere an exponent follows only d or d.ddd with d from 1 to 9, or zeros (0, 0.00); so that 15 is
//           refused where 10 is the most, though 15e-1 would do.
//   kPlain  No exponent; no fraction where the set holds integers only, else at most 17 digits of it beyond what
//   bounds,
//           values and units have, so that writing ends; no -0.
//
// States
//   A state is short text; "" where nothing is written yet. All that begin with a digit or '-' stand for themselves:
//   what was written, or other digits that may be followed by the same bytes and mean the same for the set. From
//   number_line.h it is known where digits leave those of every bound; the digits behind do not matter then, beside
//   their remainder.
//     .*  :*     a fraction in which any digits may follow; '.': at least one must
//     .0  :0     a member, as long as only zeros follow
//     .n  :n     not a member, as long as only zeros follow; one once another digit does
//                each followed by the number of digits of the fraction, where that is bounded
//     e…         an exponent: sign or digits so far, and the exponents that would do where not all would: e-|3~7,9~9
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/grammar/number_line.h"
#include "engine/grammar/number_set.h"
#include "engine/grammar/number_written.h"

namespace atelier {

enum class NumberSpelling : uint8_t { kAny, kPlain };

// Invariant: from every state that Next gives, some text leads to a member.
// Immutable; may be used from any thread.
class NumberWriter {
 public:
  static constexpr int64_t kMaxSpareDigits = 17;  // what tells any two doubles apart

  // REQUIRES: !set.over_budget().
  NumberWriter(const NumberSet& set, NumberSpelling spelling);

  // The state after one more byte, or nothing where no member begins so.
  std::optional<std::string> Next(std::string_view state, char byte) const;
  bool Accepts(std::string_view state) const;  // what is written is a member

 private:
  std::optional<std::string> NextInFraction(std::string_view state, char byte) const;
  const NumberLine& LineOf(const WrittenNumber& written) const { return written.negative ? below_ : above_; }
  bool IsFree(const WrittenNumber& written) const { return written.negative ? free_below_ : free_above_; }
  bool MayHaveExponent(const WrittenNumber& written) const;
  bool CanBecomeMember(const WrittenNumber& written) const;
  std::string FractionState(bool any_digit, char kind, int64_t num_digits) const;
  // Another text, or state, that may be followed by the same bytes and to the same effect.
  std::string Reduced(const WrittenNumber& written) const;
  std::string ReducedZero(const WrittenNumber& written) const;
  std::optional<std::string> ReducedToFraction(const WrittenNumber& written) const;

  bool plain_;
  bool fraction_allowed_;
  NumberLine above_, below_;      // below: the negatives of the members up to 0
  bool mirrored_;                 // beside 0, both are the same
  bool free_above_, free_below_;  // all of JSON is allowed there
  int64_t max_fraction_ = 0;      // digits; for kPlain
};

}  // namespace atelier
