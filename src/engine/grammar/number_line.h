// A set's numbers from 0 up, arranged for numbers that are written digit by digit: what is written so far stands for a
// cell, all the numbers that begin so.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/grammar/number_set.h"

namespace atelier {

// The numbers 0.digits × 10^magnitude and above, up to one more in the last place. The first digit is not 0, the last
// may be. No digits: the numbers from 0 up to 10^magnitude.
struct NumberCell {
  std::string_view digits;
  int64_t magnitude = 0;
  int64_t last_place() const { return magnitude - static_cast<int64_t>(digits.size()); }
};

// Whole numbers from `low` to `high`.
struct ExponentRange {
  static constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();
  int64_t low = -kNoEnd;
  int64_t high = kNoEnd;
  bool operator==(const ExponentRange&) const = default;
};

class NumberLine {
 public:
  using Patterns = NumberUnits::Patterns;

  explicit NumberLine(const NumberSet& set);

  // The number that a cell begins with is a member.
  bool Contains(const NumberCell& cell) const;
  // Some number of the cell is.
  bool Any(const NumberCell& cell) const;
  // A member above 0 begins with these digits, if any number of digits may follow before the point; or with a point
  // anywhere (also far before or behind the digits).   REQUIRES: the first digit is not 0.
  bool AnyLonger(std::string_view digits) const;
  bool AnyScaled(std::string_view digits) const;
  bool AnyAboveZero() const;
  // The k for which 0.digits × 10^(magnitude + k) is a member, lowest first, none beside another.
  std::vector<ExponentRange> Exponents(const NumberCell& number) const;

  // How the pieces lie to a cell.
  struct View {
    size_t first = 0, last = 0;      // the pieces that it touches
    bool cut_at_start_only = false;  // no cut is inside but just after the number that it begins with
  };
  View ViewOf(const NumberCell& cell) const;
  const Patterns& piece(size_t i) const { return pieces_[i]; }
  const Patterns& top() const { return pieces_.back(); }
  bool IsWhole(size_t i) const { return pieces_[i] == units_->possible(); }

  // Where a number's digits leave those of every cut above 0, wherever the point.
  struct Departure {
    size_t place = 0;   // how many digits are shared; all of them: it does not leave
    char lowest = '0';  // the lowest digit that leaves there to the same side of every cut
  };
  Departure DepartureOf(std::string_view digits) const;
  // Some cut above 0 has these digits first, and others that are not 0 behind them.
  bool IsCutFurther(std::string_view digits) const;

  bool has_cut_above_zero() const { return !sorted_digits_.empty(); }
  int64_t top_magnitude() const { return top_magnitude_; }  // of the highest cut: digits before the point; 0 if none
  int64_t lowest_place() const { return lowest_place_; }    // of any cut's or unit's last digit; at most 0
  int64_t lowest_unit_place() const { return std::min<int64_t>(lowest_unit_place_, 0); }
  int64_t top_unit_place() const { return top_unit_place_; }  // of the last digit of the unit that has it highest
  // Numbers with so many places behind the point, counted in the last place, that differ by a multiple of this have the
  // same pattern, as have longer ones that begin so. 0 where it is not known in advance.
  uint64_t Period(int64_t num_places) const {
    return num_places >= 0 && num_places < std::ssize(periods_) ? periods_[static_cast<size_t>(num_places)] : 0;
  }
  bool has_units() const { return has_units_; }                 // some piece is neither whole nor empty
  bool has_powers_of_ten_only() const { return powers_only_; }  // every unit is
  const NumberUnits& units() const { return *units_; }
  bool operator==(const NumberLine& other) const;  // above 0

 private:
  struct Edge {
    std::string digits;  // no 0 at either end
    int64_t magnitude = 0;
    bool after = false;
    bool operator==(const Edge&) const = default;
  };
  static int Compare(const Edge& edge, const NumberCell& cell, bool only_its_places);
  size_t NumBelow(const NumberCell& cell) const;    // edges at or below the cell's start
  size_t NumTouched(const NumberCell& cell) const;  // edges below its end
  static NumberDigits ValueOf(const Edge& edge);
  bool AnyInside(const NumberCell& cell, size_t first, size_t last) const;
  void SetPeriods();
  void AddExponents(const NumberCell& number, ExponentRange range, size_t piece,
                    std::vector<ExponentRange>& result) const;

  std::shared_ptr<const NumberUnits> units_;
  std::vector<Edge> edges_;
  std::vector<Patterns> pieces_;
  std::vector<std::string> sorted_digits_;  // of edges above 0, no two alike
  size_t num_zero_edges_ = 0;
  int64_t top_magnitude_ = 0, low_magnitude_ = 0, lowest_place_ = 0;
  int64_t least_multiple_magnitude_ = 0;  // multiples that are not 0 are not below 10^(this - 1)
  int64_t lowest_unit_place_ = 0, top_unit_place_ = 0;
  std::vector<uint64_t> periods_;  // by number of places
  bool has_units_ = false, powers_only_ = true, has_dense_ = false;
};

}  // namespace atelier
