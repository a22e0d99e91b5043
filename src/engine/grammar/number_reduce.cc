// Which texts mean the same to a set: Reduced() gives one of them, the same for as many as can be told at little cost.
#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "engine/grammar/number_writer.h"
#include "engine/grammar/number_written.h"

namespace atelier {
namespace {

constexpr size_t kMaxWordDigits = 18;

std::string Spell(bool negative, std::string_view digits, int64_t magnitude, bool has_point) {
  std::string text = negative ? "-" : "";
  const size_t num_whole = magnitude > 0 ? static_cast<size_t>(magnitude) : 0;
  if (num_whole == 0) text += '0';
  text += digits.substr(0, num_whole);
  if (!has_point) return text;
  text += '.';
  if (magnitude < 0) text.append(static_cast<size_t>(-magnitude), '0');
  text += digits.substr(num_whole);
  return text;
}

uint64_t Word(std::string_view digits) {
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// Puts `value` at the end of the digits, zeros before it, from `place` on.
void PutAtEnd(std::string& digits, size_t place, uint64_t value) {
  for (size_t i = digits.size(); i > place; --i, value /= 10) digits[i - 1] = static_cast<char>('0' + value % 10);
  CHECK(value == 0);
}

// Only the last digit that is not 0 says which powers of ten divide a number.
void KeepLastDigit(std::string& digits, size_t place) {
  const size_t last = digits.find_last_not_of('0');
  std::fill(digits.begin() + static_cast<ptrdiff_t>(place), digits.end(), '0');
  if (last != std::string::npos && last >= place) digits[last] = '1';
}

// Other digits, as many, that lie alike to every cut and leave the same remainder. With `scaled`, wherever the point.
void ReduceDigits(const NumberLine& line, std::string& digits, int64_t magnitude, bool scaled) {
  const NumberLine::Departure departure = line.DepartureOf(digits);
  const size_t place = departure.place;
  if (place == digits.size()) return;
  if (!line.has_powers_of_ten_only()) {
    const int64_t last_place = magnitude - std::ssize(digits);
    const uint64_t period = scaled ? 0 : line.Period(-last_place);
    if (period == 0 || digits.size() - place - 1 > kMaxWordDigits) return;
    PutAtEnd(digits, place + 1, Word(std::string_view(digits).substr(place + 1)) % period);
    return;
  }
  const bool ends_above_units =
      !line.has_units() ||
      (!scaled && magnitude - static_cast<int64_t>(digits.find_last_not_of('0')) - 1 >= line.top_unit_place());
  if (ends_above_units)
    std::fill(digits.begin() + static_cast<ptrdiff_t>(place) + 1, digits.end(), '0');
  else
    KeepLastDigit(digits, place + 1);
  if (digits[place] != '0') digits[place] = std::max(departure.lowest, '1');
}

// Above all cuts, only the remainder matters of a number that may have more digits before its point.
bool ReduceLength(const NumberLine& line, std::string& digits, size_t min_digits) {
  const size_t beyond = std::max<size_t>(static_cast<size_t>(line.top_magnitude()) + 1, min_digits);
  if (digits.size() < beyond) return false;
  const bool whole = line.top() == line.units().possible();
  const uint64_t period = whole ? 1 : line.Period(0);
  if (period == 0) return false;
  const size_t length = period == 1 ? beyond : beyond + std::to_string(period).size();
  if (digits.size() < length || length > kMaxWordDigits) return false;
  const auto remainder = [&](std::string_view number) {
    uint64_t rest = 0;
    for (const char c : number) rest = (rest * 10 + static_cast<uint64_t>(c - '0')) % period;
    return rest;
  };
  std::string reduced(length, '0');
  reduced[0] = '1';
  PutAtEnd(reduced, 1, (remainder(digits) + period - remainder(reduced)) % period);
  digits = reduced;
  return true;
}

// Where all of JSON is allowed: the digits do not matter, but for the last that is not 0 where integers are told apart.
std::string ReduceFree(const WrittenNumber& written, bool negative, bool has_units) {
  std::string digits = written.digits;
  if (!has_units) {
    if (digits.empty()) return Spell(negative, {}, 0, written.has_point) + (written.fraction.empty() ? "" : "0");
    return Spell(negative, written.fraction.empty() ? "1" : "10", 1, written.has_point);
  }
  if (digits.empty()) return std::string(written.text);
  const int64_t num_fraction = written.num_fraction_digits();
  const int64_t last = std::ssize(digits) - 1 - static_cast<int64_t>(digits.find_last_not_of('0'));  // zeros behind it
  // From a digit before the point, or that last one if it is further to the left, on.
  std::string kept(static_cast<size_t>(std::max(num_fraction, last) + 1), '0');
  kept[kept.size() - 1 - static_cast<size_t>(last)] = '1';
  kept[0] = '1';
  return Spell(negative, kept, std::ssize(kept) - num_fraction, written.has_point);
}

}  // namespace

// The states of a fraction that need no digits: no cut is ahead, and no unit has more places.
std::optional<std::string> NumberWriter::ReducedToFraction(const WrittenNumber& written) const {
  const NumberLine& line = LineOf(written);
  const NumberLine::View view = line.ViewOf(written.cell());
  if (!view.cut_at_start_only || written.num_fraction_digits() < -line.lowest_unit_place()) return std::nullopt;
  const bool zeros_do = line.Contains(written.cell()), others_do = line.piece(view.last).test(0);
  CHECK(zeros_do || others_do);
  return FractionState(!written.fraction.empty(),
                       zeros_do && others_do ? '*'
                       : zeros_do            ? '0'
                                             : 'n',
                       written.num_fraction_digits());
}

std::string NumberWriter::ReducedZero(const WrittenNumber& written) const {
  const NumberLine& line = LineOf(written);
  const int64_t enough = std::max<int64_t>(1, -line.lowest_unit_place());
  if (written.num_fraction_digits() > enough && line.ViewOf({{}, -enough}).cut_at_start_only) {
    return Spell(written.negative, {}, -enough, true);
  }
  return std::string(written.text);
}

std::string NumberWriter::Reduced(const WrittenNumber& written) const {
  const NumberLine& line = LineOf(written);
  if (written.whole.empty()) return std::string(written.text);
  const bool negative = written.negative && !(mirrored_ && !written.digits.empty());
  if (IsFree(written)) return ReduceFree(written, negative, line.has_units());
  const bool scaled = MayHaveExponent(written);
  if (written.has_point && !scaled) {
    if (auto state = ReducedToFraction(written)) return *std::move(state);
  }
  if (written.digits.empty()) return written.has_point && scaled ? ReducedZero(written) : std::string(written.text);
  std::string digits = written.digits;
  if (scaled || written.has_point || !ReduceLength(line, digits, plain_ ? 1 : 2)) {
    if (!(scaled && !line.has_powers_of_ten_only())) ReduceDigits(line, digits, written.magnitude, scaled);
  }
  if (scaled && !line.has_units()) {
    // Zeros at the end do not matter where no cut goes on behind them.
    const auto shorter = [&] { return std::string_view(digits).substr(0, digits.size() - 1); };
    while (digits.size() > 2 && digits.ends_with('0') && !line.IsCutFurther(shorter())) digits.pop_back();
  }
  const int64_t magnitude = written.has_point ? written.magnitude : std::ssize(digits);
  return Spell(negative, digits, magnitude, written.has_point);
}

}  // namespace atelier
