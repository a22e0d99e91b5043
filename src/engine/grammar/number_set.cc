#include "engine/grammar/number_set.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

using Patterns = NumberUnits::Patterns;

bool WithinPlaces(const Decimal& value) {
  const int64_t top = value.exponent() + std::ssize(value.digits());
  return value.exponent() >= -NumberSet::kMaxPlaces && top <= NumberSet::kMaxPlaces;
}

std::shared_ptr<const NumberUnits> NoUnits() {
  static const std::shared_ptr<const NumberUnits> units = NumberUnits::Create({});
  return units;
}

Decimal ToDecimal(const NumberText& number, bool negative) {
  if (number.digits.empty()) return {};
  const auto value = Decimal::Parse((negative ? "-" : "") + number.digits + "e" + std::to_string(number.exponent));
  CHECK(value.has_value());
  return *value;
}

// The parts of a piece at 0 and above, and below 0, each as numbers from 0 up.
struct Halves {
  std::optional<NumberSpan> above, below;
};

NumberDigits DigitsOf(const Decimal& value) { return {value.digits(), value.exponent()}; }

// REQUIRES: both cuts are given, and low < high.
Halves SplitAtZero(const NumberSet::Cut& low, const NumberSet::Cut& high) {
  Halves halves;
  const NumberSet::Cut zero{};  // just before 0
  if (high > zero) {
    const NumberSet::Cut& from = std::max(low, zero);
    halves.above = {DigitsOf(from.value), from.after, DigitsOf(high.value), !high.after};
  }
  if (low < zero) {
    const NumberSet::Cut& to = std::min(high, zero);
    halves.below = {DigitsOf(to.value), !to.after, DigitsOf(low.value), low.after};
  }
  return halves;
}

}  // namespace

std::strong_ordering NumberSet::Cut::operator<=>(const Cut& other) const {
  const auto order = value <=> other.value;
  return order != 0 ? order : after <=> other.after;
}

NumberSet::NumberSet() : units_(NoUnits()), pieces_(1) {}

NumberSet NumberSet::Nothing() { return {}; }

NumberSet NumberSet::Everything() {
  NumberSet result;
  result.pieces_[0] = result.All();
  return result;
}

NumberSet NumberSet::OverBudget() {
  NumberSet result;
  result.over_budget_ = true;
  return result;
}

NumberSet NumberSet::Integers() { return MultiplesOf(Decimal(1)); }

NumberSet NumberSet::Above(const NumberBound& bound) {
  if (!WithinPlaces(bound.value)) return OverBudget();
  NumberSet result = Everything();
  result.cuts_ = {{bound.value, bound.open}};
  result.pieces_ = {Patterns(), result.All()};
  return result;
}

NumberSet NumberSet::Below(const NumberBound& bound) {
  return Above({.value = bound.value, .open = !bound.open}).Not();
}

NumberSet NumberSet::MultiplesOf(const Decimal& unit) {
  if (!WithinPlaces(unit)) return OverBudget();
  NumberSet result;
  result.units_ = NumberUnits::Create({unit});
  if (result.units_ == nullptr) return OverBudget();
  result.pieces_[0].set(1);
  return result;
}

NumberSet NumberSet::Values(std::vector<Decimal> values) {
  if (!std::ranges::all_of(values, WithinPlaces)) return OverBudget();
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (2 * values.size() > kMaxCuts) return OverBudget();
  NumberSet result;
  for (const Decimal& value : values) {
    result.cuts_.insert(result.cuts_.end(), {{value, false}, {value, true}});
    result.pieces_.insert(result.pieces_.end(), {result.All(), Patterns()});
  }
  return result;
}

bool NumberSet::IsSingle(size_t piece) const {
  return piece > 0 && piece < cuts_.size() && cuts_[piece - 1].value == cuts_[piece].value;
}

NumberSet NumberSet::WithUnits(const std::shared_ptr<const NumberUnits>& units) const {
  if (units->values() == units_->values()) return *this;
  // What a pattern of the new units is in ours.
  std::vector<size_t> ours(units->num_patterns());
  for (size_t i = 0; i < units_->num_units(); ++i) {
    const auto at = std::ranges::find(units->values(), units_->values()[i]) - units->values().begin();
    for (size_t pattern = 0; pattern < ours.size(); ++pattern) ours[pattern] |= ((pattern >> at) & 1) << i;
  }
  NumberSet result = *this;
  result.units_ = units;
  for (size_t piece = 0; piece < pieces_.size(); ++piece) {
    for (size_t pattern = 0; pattern < ours.size(); ++pattern) {
      result.pieces_[piece].set(pattern, units->possible().test(pattern) && pieces_[piece].test(ours[pattern]));
    }
  }
  return result;
}

template <class Verb>
NumberSet NumberSet::Combine(const NumberSet& other, Verb verb) const {
  if (over_budget_ || other.over_budget_) return OverBudget();
  std::vector<Decimal> all_units;
  std::ranges::set_union(units_->values(), other.units_->values(), std::back_inserter(all_units));
  const auto units = all_units == units_->values() ? units_ : NumberUnits::Create(std::move(all_units));
  if (units == nullptr) return OverBudget();
  const NumberSet a = WithUnits(units), b = other.WithUnits(units);
  NumberSet result;
  result.units_ = units;
  result.pieces_ = {verb(a.pieces_[0], b.pieces_[0])};
  for (size_t i = 0, k = 0; i < a.cuts_.size() || k < b.cuts_.size();) {
    const bool take_a = k == b.cuts_.size() || (i < a.cuts_.size() && a.cuts_[i] <= b.cuts_[k]);
    const bool take_b = i == a.cuts_.size() || (k < b.cuts_.size() && b.cuts_[k] <= a.cuts_[i]);
    result.cuts_.push_back(take_a ? a.cuts_[i] : b.cuts_[k]);
    i += take_a ? 1 : 0;
    k += take_b ? 1 : 0;
    result.pieces_.push_back(verb(a.pieces_[i], b.pieces_[k]));
  }
  if (result.cuts_.size() > kMaxCuts) return OverBudget();
  return result.Normalised();
}

NumberSet NumberSet::And(const NumberSet& other) const {
  return Combine(other, [](const Patterns& a, const Patterns& b) { return a & b; });
}

NumberSet NumberSet::Or(const NumberSet& other) const {
  return Combine(other, [](const Patterns& a, const Patterns& b) { return a | b; });
}

NumberSet NumberSet::Not() const {
  NumberSet result = *this;
  for (Patterns& piece : result.pieces_) piece = All() & ~piece;
  return result;
}

NumberSet NumberSet::Mirrored() const {
  NumberSet result = *this;
  std::ranges::reverse(result.cuts_);
  std::ranges::reverse(result.pieces_);
  for (Cut& cut : result.cuts_) cut = {-cut.value, !cut.after};
  return result;
}

Patterns NumberSet::Occurring(size_t piece) const {
  if (piece == 0 || piece == cuts_.size()) return All();  // without an end, it holds numbers of every pattern
  if (IsSingle(piece)) return Patterns().set(units_->PatternOf(cuts_[piece].value));
  const Halves halves = SplitAtZero(cuts_[piece - 1], cuts_[piece]);
  Patterns result;
  result.set(0);
  for (size_t pattern = 1; pattern < units_->num_patterns(); ++pattern) {
    if (!All().test(pattern)) continue;
    for (const auto& half : {halves.above, halves.below}) {
      if (half && !units_->Find(*half, pattern, 1).empty()) result.set(pattern);
    }
  }
  return result;
}

NumberSet NumberSet::Normalised() const {
  std::vector<Patterns> pieces = pieces_;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].none() || pieces[i] == All()) continue;
    const Patterns occurring = Occurring(i);
    if ((pieces[i] & occurring).none())
      pieces[i].reset();
    else if ((occurring & ~pieces[i]).none())
      pieces[i] = All();
  }
  NumberSet result;
  result.units_ = units_;
  result.pieces_.clear();
  for (size_t i = 0; i < pieces.size(); ++i) {
    // A single number that is as a neighbour says is no piece of its own.
    const auto agrees = [&](const Patterns& neighbour) {
      return neighbour.test(units_->PatternOf(cuts_[i].value)) == pieces[i].any();
    };
    Patterns piece = pieces[i];
    if (IsSingle(i) && agrees(result.pieces_.back()))
      piece = result.pieces_.back();
    else if (IsSingle(i) && agrees(pieces[i + 1]))
      piece = pieces[i + 1];
    if (!result.pieces_.empty() && result.pieces_.back() == piece)
      result.cuts_.pop_back();
    else
      result.pieces_.push_back(piece);
    if (i < cuts_.size()) result.cuts_.push_back(cuts_[i]);
  }
  return result.WithoutIdleUnits();
}

NumberSet NumberSet::WithoutIdleUnits() const {
  for (size_t i = 0; i < units_->num_units(); ++i) {
    const size_t bit = size_t{1} << i;
    // Patterns that differ in this unit alone, and between which some piece distinguishes.
    bool idle = true;
    for (size_t pattern = 0; idle && pattern < units_->num_patterns(); ++pattern) {
      if ((pattern & bit) != 0 || !All().test(pattern) || !All().test(pattern | bit)) continue;
      idle = std::ranges::none_of(pieces_, [&](const Patterns& p) { return p.test(pattern) != p.test(pattern | bit); });
    }
    if (!idle) continue;
    std::vector<Decimal> values = units_->values();
    values.erase(values.begin() + static_cast<ptrdiff_t>(i));
    NumberSet result = *this;
    result.units_ = NumberUnits::Create(std::move(values));
    CHECK(result.units_ != nullptr);  // fewer units than before
    for (size_t piece = 0; piece < pieces_.size(); ++piece) {
      result.pieces_[piece].reset();
      for (size_t pattern = 0; pattern < units_->num_patterns(); ++pattern) {
        const size_t without = (pattern & (bit - 1)) | ((pattern >> (i + 1)) << i);
        if (pieces_[piece].test(pattern) && All().test(pattern)) result.pieces_[piece].set(without);
      }
    }
    return result.WithoutIdleUnits();
  }
  return *this;
}

bool NumberSet::Contains(const Decimal& value) const {
  const auto above = [&](const Cut& cut) { return cut <= Cut{value, false}; };
  const auto piece = std::ranges::partition_point(cuts_, above) - cuts_.begin();
  size_t pattern = 0;
  for (size_t i = 0; i < units_->num_units(); ++i) {
    if (value.IsMultipleOf(units_->values()[i])) pattern |= size_t{1} << i;
  }
  return pieces_[static_cast<size_t>(piece)].test(pattern);
}

bool NumberSet::IsNothing() const {
  return !over_budget_ && std::ranges::all_of(pieces_, [](const Patterns& piece) { return piece.none(); });
}

bool NumberSet::IsEverything() const {
  return !over_budget_ && std::ranges::all_of(pieces_, [&](const Patterns& piece) { return piece == All(); });
}

bool NumberSet::IsAllIntegers() const { return And(Integers().Not()).IsNothing(); }

std::optional<std::vector<Decimal>> NumberSet::Members(int64_t limit) const {
  std::vector<Decimal> members;
  for (size_t i = 0; i < pieces_.size() && std::ssize(members) <= limit; ++i) {
    if (pieces_[i].none()) continue;
    if (IsSingle(i)) {
      members.push_back(cuts_[i].value);
      continue;
    }
    if (i == 0 || i == cuts_.size() || pieces_[i].test(0)) return std::nullopt;
    const Halves halves = SplitAtZero(cuts_[i - 1], cuts_[i]);
    for (size_t pattern = 1; pattern < units_->num_patterns(); ++pattern) {
      if (!pieces_[i].test(pattern)) continue;
      for (const bool negative : {false, true}) {
        const auto& half = negative ? halves.below : halves.above;
        if (!half) continue;
        for (const NumberText& number : units_->Find(*half, pattern, limit + 1)) {
          members.push_back(ToDecimal(number, negative));
        }
      }
    }
  }
  if (std::ssize(members) > limit) return std::nullopt;
  std::ranges::sort(members);
  return members;
}

std::string NumberSet::Key() const {
  std::string key = over_budget_ ? "over" : "";
  for (const Decimal& unit : units_->values()) key += "*" + unit.Text();
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (i > 0) key += (cuts_[i - 1].after ? ">" : "<") + cuts_[i - 1].value.Text();
    key += ':';
    for (size_t pattern = 0; pattern < units_->num_patterns(); ++pattern) key += pieces_[i].test(pattern) ? '1' : '0';
  }
  return key;
}

}  // namespace atelier
