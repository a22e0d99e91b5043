// Arithmetic as people write it, exactly.
//
//   sum      = product { ("+" | "-") product }
//   product  = signed { ("*" | "×" | "/" | "÷" | "%" | "of") signed }
//   signed   = { "+" | "-" | "−" } power
//   power    = postfix [ ("^" | "**") signed ]                      binds to the right; -2^2 is -4
//   postfix  = primary { "%" | "!" }
//   primary  = number | constant | function "(" sum { "," sum } ")" | "(" sum ")"
//   number   = digits [ "." digits ] [ "e" [sign] digits ], "_" between digits
//
// "%" before an operand (a digit, a letter but "of", or "(") is the remainder, else a hundredth: "7 % 3" is 1, "15% of
// 200" is 30, "5% + 1" is 1.05. The remainder has the divisor's sign.
//
// Numbers are rationals in full; what is not rational (a root, pi, e) is taken to kApproximateDigits digits, and the
// answer says that it is not exact.
#pragma once

#include <functional>
#include <string_view>

#include "agent/tools/rational.h"

namespace atelier {

inline constexpr int64_t kApproximateDigits = 50;
inline constexpr size_t kMaxExpressionBytes = 10'000;

struct Calculation {
  Rational value;
  bool exact = true;
};

// Errors: kInvalid names the column; kTooLarge where a number would have over 10,000 digits; kTimeout where `over` says
// so between two operations.
Result<Calculation> Calculate(std::string_view expression, const std::function<bool()>& over);

}  // namespace atelier
