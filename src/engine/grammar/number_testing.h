// For tests: sets of numbers as expressions, decided one number at a time by whole-number arithmetic that shares
// nothing with number_set.h; and the spellings of number_writer.h as plain rules about a text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/grammar/number_set.h"
#include "engine/grammar/number_writer.h"

namespace atelier {

__extension__ typedef __int128 ReferenceInteger;

// A number in units of 10^-12 / 2: even where it is a multiple of 10^-12, else the odd number between two such.
// Numbers are scaled down where they are so large that neither bounds nor divisibility notice.
struct ReferenceNumber {
  bool negative = false;  // of what was written: -0 is
  ReferenceInteger value = 0;
};
// REQUIRES: a number in JSON's grammar with at most 12 digits before the exponent, after zeros.
ReferenceNumber ReadReference(std::string_view text);

struct ReferenceSet {
  std::string name;
  NumberSet set;
  std::function<bool(ReferenceInteger)> contains;
};
// A random set; `below(n)` gives numbers from 0 to n - 1. Its bounds and units are few digits from 10^-3 to 10^3.
ReferenceSet RandomSet(const std::function<uint64_t(uint64_t)>& below, int depth);

// Whether the text is a number in JSON's grammar, as a prefix or whole.
bool IsJsonNumber(std::string_view text, bool prefix);
// Whether the spelling allows the text of a number for this set. REQUIRES: IsJsonNumber(text, false).
bool IsSpelling(const NumberSet& set, NumberSpelling spelling, std::string_view text);

// A text that leads from a state to a member; nothing where none is found among 100,000 states.
std::optional<std::string> Completion(const NumberWriter& writer, const std::string& state);

}  // namespace atelier
