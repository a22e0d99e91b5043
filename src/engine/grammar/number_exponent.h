// The exponent of a number that is being written: which whole numbers would do, and what was written of one so far.
//
// State: 'e', then nothing, '+' after a sign, or the digits so far; then, unless any number from there would do,
// '|' and the ranges that would: e|~-1,5~  e+|0~3  e1|10~12. After a minus they are the negatives.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/grammar/number_line.h"

namespace atelier {

// After the letter e. Nothing where no exponent would do.   REQUIRES: ranges in order, apart from each other.
std::optional<std::string> BeginExponent(std::vector<ExponentRange> ranges);
std::optional<std::string> NextInExponent(std::string_view state, char byte);
bool AcceptsExponent(std::string_view state);

}  // namespace atelier
