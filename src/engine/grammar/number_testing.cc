#include "engine/grammar/number_testing.h"

#include <algorithm>
#include <deque>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

constexpr int kPlaces = 12;

ReferenceInteger PowerOfTen(int64_t exponent) {
  ReferenceInteger result = 1;
  for (int64_t i = 0; i < exponent; ++i) result *= 10;
  return result;
}

struct Leaf {
  Decimal decimal;
  ReferenceInteger reference = 0;
};

using Below = std::function<uint64_t(uint64_t)>;

Leaf RandomNumber(const Below& below, std::span<const int64_t> choices, int64_t top_exponent, bool may_be_negative) {
  const int64_t digits = choices[below(choices.size())];
  const int64_t exponent = below(2) == 0 ? 0 : static_cast<int64_t>(below(static_cast<uint64_t>(top_exponent) + 4)) - 3;
  const bool negative = may_be_negative && below(3) == 0;
  const std::string text = (negative ? "-" : "") + std::to_string(digits) + "e" + std::to_string(exponent);
  return {*Decimal::Parse(text), ReadReference(text).value};
}

Leaf RandomBound(const Below& below) {
  static constexpr int64_t kDigits[] = {0, 1, 2, 3, 5, 9, 10, 12, 15, 25, 99, 100, 101, 125, 500, 999};
  return RandomNumber(below, kDigits, 2, true);
}

// Few, so that their common multiples are small and members near.
Leaf RandomUnit(const Below& below) {
  static constexpr int64_t kDigits[] = {1, 2, 3, 5, 7, 10, 12, 25};
  return RandomNumber(below, kDigits, 1, false);
}

ReferenceSet RandomLeaf(const Below& below) {
  switch (below(7)) {
    case 0:
      return {"integers", NumberSet::Integers(), [](ReferenceInteger x) { return x % (2 * PowerOfTen(kPlaces)) == 0; }};
    case 1:
    case 2: {
      const Leaf bound = RandomBound(below);
      const bool open = below(2) == 0;
      return {(open ? ">" : ">=") + bound.decimal.Text(), NumberSet::Above({bound.decimal, open}),
              [=](ReferenceInteger x) { return open ? x > bound.reference : x >= bound.reference; }};
    }
    case 3:
    case 4: {
      const Leaf bound = RandomBound(below);
      const bool open = below(2) == 0;
      return {(open ? "<" : "<=") + bound.decimal.Text(), NumberSet::Below({bound.decimal, open}),
              [=](ReferenceInteger x) { return open ? x < bound.reference : x <= bound.reference; }};
    }
    case 5: {
      const Leaf unit = RandomUnit(below);
      return {"*" + unit.decimal.Text(), NumberSet::MultiplesOf(unit.decimal),
              [=](ReferenceInteger x) { return x % unit.reference == 0; }};
    }
    default: {
      std::vector<Leaf> leaves;
      std::vector<Decimal> values;
      std::string name = "{";
      for (uint64_t i = below(4); i > 0; --i) {
        leaves.push_back(RandomBound(below));
        values.push_back(leaves.back().decimal);
        name += values.back().Text() + " ";
      }
      return {name + "}", NumberSet::Values(values), [=](ReferenceInteger x) {
                return std::ranges::any_of(leaves, [&](const Leaf& leaf) { return leaf.reference == x; });
              }};
    }
  }
}

}  // namespace

ReferenceNumber ReadReference(std::string_view text) {
  ReferenceNumber number;
  int64_t exponent = 0;
  ReferenceInteger digits = 0;
  bool past_point = false;
  size_t i = 0;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '-')
      number.negative = true;
    else if (text[i] == '.')
      past_point = true;
    else
      digits = digits * 10 + (text[i] - '0'), exponent -= past_point ? 1 : 0;
  }
  if (i < text.size()) {
    int64_t written = 0;
    const bool negative = text[i + 1] == '-';
    for (++i; i < text.size(); ++i) {
      if (text[i] >= '0' && text[i] <= '9') written = std::min<int64_t>(written * 10 + (text[i] - '0'), 1'000'000);
    }
    exponent += negative ? -written : written;
  }
  CHECK(digits < PowerOfTen(12));
  while (digits != 0 && digits % 10 == 0) digits /= 10, ++exponent;
  if (exponent >= -kPlaces) {
    number.value = digits * PowerOfTen(std::min<int64_t>(exponent, 12) + kPlaces) * 2;
  } else {
    const int64_t dropped = -kPlaces - exponent;
    number.value = digits == 0 ? 0 : (dropped > 20 ? 0 : digits / PowerOfTen(dropped)) * 2 + 1;
  }
  if (number.negative) number.value = -number.value;
  return number;
}

ReferenceSet RandomSet(const std::function<uint64_t(uint64_t)>& below, int depth) {
  const uint64_t choice = depth == 0 ? 0 : below(8);
  if (choice < 2) return RandomLeaf(below);
  ReferenceSet a = RandomSet(below, depth - 1);
  if (choice == 2) {
    return {"!(" + a.name + ")", a.set.Not(), [f = a.contains](ReferenceInteger x) { return !f(x); }};
  }
  ReferenceSet b = RandomSet(below, depth - 1);
  if (choice < 6) {
    return {"(" + a.name + " & " + b.name + ")", a.set.And(b.set),
            [f = a.contains, g = b.contains](ReferenceInteger x) { return f(x) && g(x); }};
  }
  return {"(" + a.name + " | " + b.name + ")", a.set.Or(b.set),
          [f = a.contains, g = b.contains](ReferenceInteger x) { return f(x) || g(x); }};
}

bool IsJsonNumber(std::string_view text, bool prefix) {
  const auto digits = [&] {
    const size_t n = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(n);
    return n > 0;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0'))
    text.remove_prefix(1);
  else if (!digits())
    return prefix && text.empty();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!digits()) return prefix && text.empty();
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (!digits()) return prefix && text.empty();
  }
  return text.empty();
}

bool IsSpelling(const NumberSet& set, NumberSpelling spelling, std::string_view text) {
  const size_t exponent = std::min(text.find_first_of("eE"), text.size());
  const bool has_exponent = exponent < text.size();
  const ReferenceNumber number = ReadReference(text);
  if (spelling == NumberSpelling::kPlain) {
    return !has_exponent && !(text.find('.') < text.size() && set.IsAllIntegers()) &&
           !(number.negative && number.value == 0);
  }
  if (!has_exponent) return true;
  const auto cuts = set.cuts();
  const auto units = set.units()->values();
  const bool bound = std::ranges::any_of(
      cuts, [&](const NumberSet::Cut& cut) { return !cut.value.is_zero() && cut.value.negative() == number.negative; });
  const auto& end = number.negative ? set.pieces().front() : set.pieces().back();
  const bool plain_units =
      end.none() || end == set.units()->possible() || (units.size() == 1 && units[0] == Decimal(1));
  if (!bound && plain_units) return true;
  std::string_view mantissa = text.substr(number.negative ? 1 : 0, exponent - (number.negative ? 1 : 0));
  const bool one_digit = mantissa.size() == 1 || mantissa[1] == '.';
  return one_digit && (mantissa[0] != '0' || mantissa.find_first_not_of("0.") == std::string_view::npos);
}

namespace {

std::optional<std::string> Search(const NumberWriter& writer, const std::string& state, std::string_view bytes,
                                  size_t max_states) {
  std::deque<std::pair<std::string, std::string>> queue{{state, ""}};
  std::unordered_set<std::string> seen{state};
  while (!queue.empty() && seen.size() < max_states) {
    const auto [at, text] = std::move(queue.front());
    queue.pop_front();
    if (writer.Accepts(at)) return text;
    for (const char byte : bytes) {
      auto next = writer.Next(at, byte);
      if (next && seen.insert(*next).second) queue.emplace_back(*next, text + byte);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Completion(const NumberWriter& writer, const std::string& state) {
  // A few digits go deep at once; most members can do with these.
  for (const auto& [bytes, max_states] : {std::pair("0135.-e", 2'000), std::pair("0123456789.-e", 100'000)}) {
    if (auto text = Search(writer, state, bytes, static_cast<size_t>(max_states))) return text;
  }
  return std::nullopt;
}

}  // namespace atelier
