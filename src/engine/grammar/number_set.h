// Sets of decimal numbers as JSON Schema describes them, closed under and, or and not; and the question that generation
// asks of them: can this text still become one of these numbers?
//
//   a set = a union of parts;  a part = an interval ∩ whole multiples of units ∖ multiples of other units ∖ values
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/decimal.h"

namespace atelier {

struct NumberBound {
  Decimal value;
  bool open = false;  // the value itself is outside
  bool operator==(const NumberBound&) const = default;
};

class NumberSet {
 public:
  static NumberSet Everything();
  static NumberSet Nothing();
  static NumberSet Integers();
  static NumberSet Above(NumberBound bound);
  static NumberSet Below(NumberBound bound);
  static NumberSet MultiplesOf(const Decimal& unit);  // REQUIRES: unit > 0
  static NumberSet Values(std::vector<Decimal> values);

  NumberSet And(const NumberSet& other) const;
  NumberSet Or(const NumberSet& other) const;
  NumberSet Not() const;

  bool Contains(const Decimal& value) const;
  bool IsNothing() const;  // exact
  bool IsEverything() const { return everything_; }
  bool IsAllIntegers() const;
  // The members in order, where there are at most `limit`.
  std::optional<std::vector<Decimal>> Members(int64_t limit) const;
  std::string Key() const;  // equal sets built the same way have equal keys: for hash-consing

  // Parts over this count, or units whose common multiple takes over 64 digits: what a schema needs is refused.
  bool over_budget() const;

 private:
  bool everything_ = false;
  // …
};

// How numbers may be written.
enum class NumberSpelling : uint8_t {
  kAny,  // what JSON allows: 1.0 and 1e3 are integers; beside bounds, an exponent only after d or d.ddd (d not 0 first)
  kPlain,  // no exponent; a number that the set says is an integer has no fraction
};

// The states of a number that is being written, for one set and spelling.
//
//   state  what was written so far (a prefix of a number), reduced to what matters
// Invariant: from every state that Next gives, some text leads to a member.
class NumberWriter {
 public:
  // A state is small text of its own; empty: nothing is written yet.
  NumberWriter(NumberSet set, NumberSpelling spelling);
  // The state after one more byte ([0-9+-.eE]), or nothing where no member begins so.
  std::optional<std::string> Next(std::string_view state, char byte) const;
  bool Accepts(std::string_view state) const;  // what is written is a member

 private:
  NumberSet set_;
  NumberSpelling spelling_;
};

}  // namespace atelier
