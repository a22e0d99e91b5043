// Sets of decimal numbers as JSON Schema describes them, closed under and, or and not, exactly.
//
//   a set = the number line cut in pieces; for each piece, which patterns of divisibility by the set's units it holds
//
//   {"type": "integer", "minimum": 0} or 0.5:   cut before 0, around 0.5;  unit 1
//     below 0: none   from 0: divisible by 1   0.5: all   beyond: divisible by 1
//
// Invariants: pieces beside each other differ; a piece that holds no number says so (no integer is between 0.2 and
// 0.8), as does one that lacks none; no unit that makes no difference.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/text/decimal.h"
#include "engine/grammar/number_units.h"

namespace atelier {

struct NumberBound {
  Decimal value;
  bool open = false;  // the value itself is outside
  bool operator==(const NumberBound&) const = default;
};

class NumberSet {
 public:
  using Patterns = NumberUnits::Patterns;
  static constexpr int64_t kMaxPlaces = 1100;  // bounds, units and values have all their digits within 10^±1100
  static constexpr size_t kMaxCuts = 65'536;

  // Where the line is cut: just before a value or just after it.
  struct Cut {
    Decimal value;
    bool after = false;
    bool operator==(const Cut&) const = default;
    std::strong_ordering operator<=>(const Cut& other) const;
  };

  static NumberSet Everything();
  static NumberSet Nothing();
  static NumberSet Integers();
  static NumberSet Above(const NumberBound& bound);
  static NumberSet Below(const NumberBound& bound);
  static NumberSet MultiplesOf(const Decimal& unit);  // REQUIRES: unit > 0
  static NumberSet Values(std::vector<Decimal> values);

  // COST: pieces of both × patterns.
  NumberSet And(const NumberSet& other) const;
  NumberSet Or(const NumberSet& other) const;
  NumberSet Not() const;
  NumberSet Mirrored() const;  // the members' negatives

  bool Contains(const Decimal& value) const;
  bool IsNothing() const;     // exact
  bool IsEverything() const;  // exact
  bool IsAllIntegers() const;
  // The members in order, where there are at most `limit`.
  std::optional<std::vector<Decimal>> Members(int64_t limit) const;
  std::string Key() const;  // equal sets built the same way have equal keys: for hash-consing

  // Over NumberUnits' number of units, kMaxCuts or kMaxPlaces, or units whose common multiple takes over 64 digits:
  // what a schema needs is refused. Such a set says nothing else of use, nor does any set made from it.
  bool over_budget() const { return over_budget_; }

  // pieces()[i] is between cuts()[i - 1] and cuts()[i].
  std::span<const Cut> cuts() const { return cuts_; }
  std::span<const Patterns> pieces() const { return pieces_; }
  const std::shared_ptr<const NumberUnits>& units() const { return units_; }

 private:
  NumberSet();
  static NumberSet OverBudget();
  template <class Verb>
  NumberSet Combine(const NumberSet& other, Verb verb) const;
  // The same set, its pieces in terms of more units.
  NumberSet WithUnits(const std::shared_ptr<const NumberUnits>& units) const;
  NumberSet Normalised() const;
  NumberSet WithoutIdleUnits() const;
  Patterns Occurring(size_t piece) const;
  bool IsSingle(size_t piece) const;  // one number alone
  const Patterns& All() const { return units_->possible(); }

  std::shared_ptr<const NumberUnits> units_;
  std::vector<Cut> cuts_;         // in order
  std::vector<Patterns> pieces_;  // one more than cuts
  bool over_budget_ = false;
};

}  // namespace atelier
