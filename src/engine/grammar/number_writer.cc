#include "engine/grammar/number_writer.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "engine/grammar/number_exponent.h"
#include "engine/grammar/number_written.h"

namespace atelier {
namespace {

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }

// Whether JSON's grammar lets `byte`, other than a letter e, follow the text of a number without an exponent.
bool MayFollow(const WrittenNumber& written, char byte) {
  if (byte == '-') return written.text.empty();
  if (byte == '.') return !written.whole.empty() && !written.has_point;
  return IsDigit(byte) && (written.has_point || written.whole != "0");
}

bool IsFreeLine(const NumberLine& line) {
  const auto& units = line.units().values();
  return !line.has_cut_above_zero() && (units.empty() || (units.size() == 1 && units[0] == Decimal(1)));
}

}  // namespace

NumberWriter::NumberWriter(const NumberSet& set, NumberSpelling spelling)
    : plain_(spelling == NumberSpelling::kPlain),
      fraction_allowed_(!plain_ || !set.IsAllIntegers()),
      above_(set),
      // Plainly, a minus is written only before what is below 0.
      below_(plain_ ? set.Mirrored().And(NumberSet::Above({.value = 0, .open = true})) : set.Mirrored()),
      mirrored_(above_ == below_),
      free_above_(!plain_ && IsFreeLine(above_)),
      free_below_(!plain_ && IsFreeLine(below_)) {
  CHECK(!set.over_budget());
  max_fraction_ = kMaxSpareDigits - std::min(above_.lowest_place(), below_.lowest_place());
}

bool NumberWriter::MayHaveExponent(const WrittenNumber& written) const {
  if (plain_) return false;
  return IsFree(written) || (written.whole.size() == 1 && (written.whole[0] != '0' || written.digits.empty()));
}

bool NumberWriter::CanBecomeMember(const WrittenNumber& written) const {
  const NumberLine& line = LineOf(written);
  const NumberCell cell = written.cell();
  if (written.whole.empty()) return line.Contains({}) || line.AnyAboveZero();
  if (written.digits.empty()) return line.Any(cell) || (IsFree(written) && line.AnyAboveZero());
  if (written.has_point ? line.Any(cell) : line.AnyLonger(written.digits)) return true;
  return MayHaveExponent(written) && line.AnyScaled(written.digits);
}

std::optional<std::string> NumberWriter::Next(std::string_view state, char byte) const {
  if (state.starts_with('e')) return NextInExponent(state, byte);
  if (state.starts_with('.') || state.starts_with(':')) return NextInFraction(state, byte);
  const WrittenNumber before(state);
  if (byte == 'e' || byte == 'E') {
    if (!before.IsWhole() || !MayHaveExponent(before)) return std::nullopt;
    return BeginExponent(LineOf(before).Exponents(before.cell()));
  }
  if (!MayFollow(before, byte) || (byte == '.' && !fraction_allowed_)) return std::nullopt;
  std::string text(state);
  text += byte;
  const WrittenNumber written(text);
  if (!CanBecomeMember(written)) return std::nullopt;
  return Reduced(written);
}

std::string NumberWriter::FractionState(bool any_digit, char kind, int64_t num_digits) const {
  std::string state{any_digit ? ':' : '.', kind};
  if (plain_) state += std::to_string(num_digits);
  return state;
}

std::optional<std::string> NumberWriter::NextInFraction(std::string_view state, char byte) const {
  char kind = state[1];
  int64_t num_digits = 0;
  std::from_chars(state.data() + 2, state.data() + state.size(), num_digits);
  if (!IsDigit(byte) || (plain_ && num_digits == max_fraction_)) return std::nullopt;
  if (byte != '0' && kind == '0') return std::nullopt;
  if (byte != '0') kind = '*';
  if (kind == 'n' && plain_ && num_digits + 1 == max_fraction_) return std::nullopt;
  return FractionState(true, kind, num_digits + 1);
}

bool NumberWriter::Accepts(std::string_view state) const {
  if (state.starts_with('e')) return AcceptsExponent(state);
  if (state.starts_with('.') || state.starts_with(':')) return state[0] == ':' && state[1] != 'n';
  const WrittenNumber written(state);
  return written.IsWhole() && LineOf(written).Contains(written.cell());
}

}  // namespace atelier
