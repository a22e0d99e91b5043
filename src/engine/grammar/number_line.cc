#include "engine/grammar/number_line.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace atelier {
namespace {

bool AllZeros(std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; }

// How many digits they share, each with zeros behind without end; at most b's.
size_t NumShared(std::string_view a, std::string_view b) {
  size_t n = 0;
  while (n < b.size() && (n < a.size() ? a[n] : '0') == b[n]) ++n;
  return n;
}

}  // namespace

NumberLine::NumberLine(const NumberSet& set) : units_(set.units()) {
  const auto cuts = set.cuts();
  const auto pieces = set.pieces();
  pieces_.push_back(pieces[0]);
  for (size_t i = 0; i < cuts.size(); ++i) {
    const NumberSet::Cut& cut = cuts[i];
    if (cut <= NumberSet::Cut{}) {
      pieces_[0] = pieces[i + 1];
      continue;
    }
    edges_.push_back({cut.value.digits(), cut.value.exponent() + std::ssize(cut.value.digits()), cut.after});
    pieces_.push_back(pieces[i + 1]);
    if (cut.value.is_zero()) {
      ++num_zero_edges_;
      continue;
    }
    if (!has_cut_above_zero()) low_magnitude_ = edges_.back().magnitude;
    top_magnitude_ = std::max<int64_t>(edges_.back().magnitude, 0);
    lowest_place_ = std::min(lowest_place_, cut.value.exponent());
    sorted_digits_.push_back(cut.value.digits());
  }
  std::ranges::sort(sorted_digits_);
  sorted_digits_.erase(std::unique(sorted_digits_.begin(), sorted_digits_.end()), sorted_digits_.end());
  for (size_t i = 0; i < pieces_.size(); ++i) has_units_ = has_units_ || (pieces_[i].any() && !IsWhole(i));
  has_dense_ = std::ranges::any_of(pieces_, [](const Patterns& piece) { return piece.test(0); });
  if (!has_units_) units_ = NumberSet::Everything().units();
  if (!has_units_) std::ranges::for_each(pieces_, [&](Patterns& p) { p = p.any() ? units_->possible() : Patterns(); });
  for (size_t i = 0; i < units_->num_units(); ++i) {
    const NumberUnit& unit = units_->unit(i);
    const int64_t magnitude = unit.exponent() + std::ssize(units_->values()[i].digits());
    least_multiple_magnitude_ = i == 0 ? magnitude : std::min(least_multiple_magnitude_, magnitude);
    lowest_unit_place_ = i == 0 ? unit.exponent() : std::min(lowest_unit_place_, unit.exponent());
    top_unit_place_ = i == 0 ? unit.exponent() : std::max(top_unit_place_, unit.exponent());
    lowest_place_ = std::min(lowest_place_, unit.exponent());
    powers_only_ = powers_only_ && unit.IsPowerOfTen();
  }
  SetPeriods();
}

void NumberLine::SetPeriods() {
  periods_.assign(1, 1);
  if (units_->num_units() == 0) return;
  constexpr int64_t kMaxPlaces = 8;                         // what units have, nearly always
  constexpr uint64_t kMaxPeriod = 100'000'000'000'000'000;  // ten times it, and a digit, fit 64 bits
  const NumberUnit& common = units_->common(units_->num_patterns() - 1);
  periods_.assign(static_cast<size_t>(std::clamp<int64_t>(-lowest_unit_place_, 0, kMaxPlaces) + 1), 0);
  for (size_t places = 0; places < periods_.size(); ++places) {
    const int64_t last = -static_cast<int64_t>(places);
    const auto step = NumberUnit::From(*Decimal::Parse("1e" + std::to_string(last)));
    const auto period = NumberUnit::LeastCommonMultiple(common, *step);
    if (!period || !period->digits().FitsWord()) continue;
    Natural counted = period->digits();
    bool fits = true;
    for (int64_t i = last; fits && i < period->exponent(); ++i) fits = counted.MultiplyAdd(10, 0);
    if (fits && counted.FitsWord() && counted.word() < kMaxPeriod) periods_[places] = counted.word();
  }
}

// Where an edge's value lies to the number that a cell begins with: -1 below, 0 the same, 1 above. With
// `only_its_places`, what the value has behind the cell's last place is left out.
int NumberLine::Compare(const Edge& edge, const NumberCell& cell, bool only_its_places) {
  if (cell.digits.empty()) {
    return edge.digits.empty() || (only_its_places && edge.magnitude <= cell.magnitude) ? 0 : 1;
  }
  if (edge.digits.empty()) return -1;
  if (edge.magnitude != cell.magnitude) return edge.magnitude < cell.magnitude ? -1 : 1;
  const size_t shared = std::min(edge.digits.size(), cell.digits.size());
  const int order = edge.digits.compare(0, shared, cell.digits.substr(0, shared));
  if (order != 0) return order < 0 ? -1 : 1;
  if (edge.digits.size() > shared) return only_its_places ? 0 : 1;
  return AllZeros(cell.digits.substr(shared)) ? 0 : -1;
}

size_t NumberLine::NumBelow(const NumberCell& cell) const {
  const auto below = [&](const Edge& edge) {
    const int order = Compare(edge, cell, false);
    return order < 0 || (order == 0 && !edge.after);
  };
  return static_cast<size_t>(std::ranges::partition_point(edges_, below) - edges_.begin());
}

size_t NumberLine::NumTouched(const NumberCell& cell) const {
  const auto touched = [&](const Edge& edge) { return Compare(edge, cell, true) <= 0; };
  return static_cast<size_t>(std::ranges::partition_point(edges_, touched) - edges_.begin());
}

NumberLine::View NumberLine::ViewOf(const NumberCell& cell) const {
  View view{NumBelow(cell), NumTouched(cell)};
  view.cut_at_start_only =
      view.last == view.first || (view.last == view.first + 1 && Compare(edges_[view.first], cell, false) == 0);
  return view;
}

NumberDigits NumberLine::ValueOf(const Edge& edge) { return {edge.digits, edge.magnitude - std::ssize(edge.digits)}; }

bool NumberLine::Contains(const NumberCell& cell) const {
  const Patterns& patterns = pieces_[NumBelow(cell)];
  if (!has_units_) return patterns.any();
  return patterns.any() && patterns.test(units_->PatternOf(cell.digits, cell.last_place()));
}

bool NumberLine::Any(const NumberCell& cell) const {
  if (Contains(cell)) return true;
  const size_t first = NumBelow(cell), last = NumTouched(cell);
  for (size_t i = first + 1; i < last; ++i) {
    if (pieces_[i].any()) return true;  // a piece that holds nothing would say so
  }
  return AnyInside(cell, first, last);
}

// Whether the two ends of the cell hold a member; its very first number does not.
bool NumberLine::AnyInside(const NumberCell& cell, size_t first, size_t last) const {
  const NumberDigits start{cell.digits, cell.last_place()};
  std::string end(cell.digits.empty() ? "0" : cell.digits);
  size_t digit = end.size();
  while (digit > 0 && end[digit - 1] == '9') end[--digit] = '0';
  if (digit > 0)
    ++end[digit - 1];
  else
    end.insert(0, 1, '1');
  for (const size_t i : {first, last}) {
    if (pieces_[i].none()) continue;
    const bool starts = i == first, ends = i == last;
    if (starts && !ends && Compare(edges_[i], cell, false) == 0) continue;  // just the first number
    if (pieces_[i].test(0)) return true;                                    // dense
    // Multiples of units that are no finer than the last place: of these, the cell could hold its first number alone.
    if (lowest_unit_place_ >= cell.last_place()) continue;
    NumberSpan span{.low = start, .low_open = false, .high = NumberDigits{end, cell.last_place()}, .high_open = true};
    if (!starts) span.low = ValueOf(edges_[i - 1]), span.low_open = edges_[i - 1].after;
    if (!ends) span.high = ValueOf(edges_[i]), span.high_open = !edges_[i].after;
    if (units_->Any(span, pieces_[i])) return true;
    if (ends) break;  // one piece, from start to end
  }
  return false;
}

bool NumberLine::AnyAboveZero() const {
  return std::any_of(pieces_.begin() + static_cast<ptrdiff_t>(num_zero_edges_), pieces_.end(),
                     [](const Patterns& piece) { return piece.any(); });
}

bool NumberLine::AnyLonger(std::string_view digits) const {
  if (top().any()) return true;  // what has no end holds numbers with any digits in front
  NumberCell cell{digits, std::ssize(digits)};
  if (!has_dense_) cell.magnitude = std::max(cell.magnitude, least_multiple_magnitude_);
  while (cell.magnitude <= top_magnitude_) {
    if (Any(cell)) return true;
    const View view = ViewOf(cell);
    if (view.first == edges_.size()) return false;
    const bool idle = view.first == view.last && pieces_[view.first].none();
    cell.magnitude = std::max(cell.magnitude + 1, idle ? edges_[view.first].magnitude : 0);
  }
  return false;
}

bool NumberLine::AnyScaled(std::string_view digits) const {
  if (top().any()) return true;
  if (!has_cut_above_zero()) return false;
  const Patterns& lowest = pieces_[num_zero_edges_];
  if (lowest.test(0)) return true;  // dense down to 0
  const int64_t end = lowest.any() ? std::min(low_magnitude_, least_multiple_magnitude_) : low_magnitude_;
  NumberCell cell{digits, edges_.back().magnitude};
  while (cell.magnitude >= end) {
    if (Any(cell)) return true;
    const View view = ViewOf(cell);
    const bool idle = view.first == view.last && pieces_[view.first].none();
    if (idle && view.first == num_zero_edges_) return false;
    cell.magnitude = std::min(cell.magnitude - 1, idle ? edges_[view.first - 1].magnitude : cell.magnitude);
  }
  return false;
}

// Adds those of the exponents of `range` whose numbers, all in one piece, have a pattern that is in it.
void NumberLine::AddExponents(const NumberCell& number, ExponentRange range, size_t piece,
                              std::vector<ExponentRange>& result) const {
  if (pieces_[piece].none() || range.low > range.high) return;
  const auto add = [&](ExponentRange part) {
    if (!result.empty() && result.back().high + 1 == part.low)
      result.back().high = part.high;
    else
      result.push_back(part);
  };
  if (IsWhole(piece)) return add(range);
  // From its least exponent on, a unit divides: between those of all units, the pattern is one.
  std::vector<std::pair<int64_t, size_t>> steps;
  for (size_t i = 0; i < units_->num_units(); ++i) {
    if (const auto least = units_->unit(i).LeastExponent(number.digits, number.last_place()))
      steps.emplace_back(*least, i);
  }
  std::ranges::sort(steps);
  NumberUnits::Pattern pattern = 0;
  int64_t low = range.low;
  for (const auto& [least, unit] : steps) {
    if (least > low && low <= range.high) {
      if (pieces_[piece].test(pattern)) add({low, std::min(range.high, least - 1)});
      low = least;
    }
    pattern |= size_t{1} << unit;
  }
  if (low <= range.high && pieces_[piece].test(pattern)) add({low, range.high});
}

std::vector<ExponentRange> NumberLine::Exponents(const NumberCell& number) const {
  if (AllZeros(number.digits)) {
    return Contains({{}, number.magnitude}) ? std::vector<ExponentRange>(1) : std::vector<ExponentRange>();
  }
  std::vector<ExponentRange> result;
  int64_t low = -ExponentRange::kNoEnd;
  for (size_t i = num_zero_edges_; i < edges_.size(); ++i) {
    const Edge& edge = edges_[i];
    // The first exponent that leads past the edge.
    const int order = Compare(edge, {number.digits, edge.magnitude}, false);
    const bool past = order < 0 || (order == 0 && !edge.after);
    const int64_t next = edge.magnitude - number.magnitude + (past ? 0 : 1);
    AddExponents(number, {low, next - 1}, i, result);
    low = next;
  }
  AddExponents(number, {low, ExponentRange::kNoEnd}, edges_.size(), result);
  return result;
}

NumberLine::Departure NumberLine::DepartureOf(std::string_view digits) const {
  const auto above = std::ranges::upper_bound(sorted_digits_, digits);
  Departure departure{0, '1'};
  if (above != sorted_digits_.end()) departure.place = NumShared(*above, digits);
  if (above != sorted_digits_.begin()) {
    const std::string& below = *std::prev(above);
    const size_t shared = NumShared(below, digits);
    if (shared >= departure.place) {
      departure.place = shared;
      departure.lowest = static_cast<char>((shared < below.size() ? below[shared] : '0') + 1);
      return departure;
    }
  }
  if (departure.place > 0) departure.lowest = '0';
  return departure;
}

bool NumberLine::IsCutFurther(std::string_view digits) const {
  const auto above = std::ranges::upper_bound(sorted_digits_, digits);
  return above != sorted_digits_.end() && above->starts_with(digits);
}

bool NumberLine::operator==(const NumberLine& other) const {
  const auto zeros = [](const NumberLine& line) { return static_cast<ptrdiff_t>(line.num_zero_edges_); };
  return units_->values() == other.units_->values() &&
         std::equal(edges_.begin() + zeros(*this), edges_.end(), other.edges_.begin() + zeros(other),
                    other.edges_.end()) &&
         std::equal(pieces_.begin() + zeros(*this), pieces_.end(), other.pieces_.begin() + zeros(other),
                    other.pieces_.end());
}

}  // namespace atelier
