#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/tools/calculation.h"
#include "agent/tools/tools_testing.h"

namespace atelier {
namespace {

using testing::HasSubstr;

bool Never() { return false; }

std::string Exact(std::string_view expression) {
  const auto result = Calculate(expression, Never);
  if (!result.ok()) return result.error().Message();
  return (result->exact ? "" : "~") + (result->exact ? result->value.Text() : result->value.Decimal(30));
}

TEST(Calculation, IsExact) {
  EXPECT_EQ(Exact("0.1 + 0.2"), "3/10");
  EXPECT_EQ(Exact("1/3 + 1/6"), "1/2");
  EXPECT_EQ(Exact("2^100"), "1267650600228229401496703205376");
  EXPECT_EQ(Exact("(1 + 1/365)^2 * 365^2"), "133956");
  EXPECT_EQ(Exact("1e-3 * 1_000"), "1");
  EXPECT_EQ(Exact("100! / 98!"), "9900");
}

TEST(Calculation, BindsAsPeopleWrite) {
  EXPECT_EQ(Exact("2 + 3 * 4"), "14");
  EXPECT_EQ(Exact("-2^2"), "-4");
  EXPECT_EQ(Exact("(-2)^2"), "4");
  EXPECT_EQ(Exact("2^3^2"), "512");
  EXPECT_EQ(Exact("2^-2"), "1/4");
  EXPECT_EQ(Exact("8 / 4 / 2"), "1");
  EXPECT_EQ(Exact("7 - 2 - 1"), "4");
  EXPECT_EQ(Exact("--3"), "3");
  EXPECT_EQ(Exact("3 × 4 ÷ 2 − 1"), "5");
  EXPECT_EQ(Exact("2 ** 10"), "1024");
}

TEST(Calculation, PercentAndRemainder) {
  EXPECT_EQ(Exact("15% of 200"), "30");
  EXPECT_EQ(Exact("200 * 15%"), "30");
  EXPECT_EQ(Exact("5% + 1"), "21/20");
  EXPECT_EQ(Exact("7 % 3"), "1");
  EXPECT_EQ(Exact("-7 % 3"), "2");  // the divisor's sign
  EXPECT_EQ(Exact("7 % (1/2)"), "0");
  EXPECT_EQ(Exact("50%% "), "1/200");
  EXPECT_EQ(Exact("mod(-7, -3)"), "-1");
}

TEST(Calculation, Functions) {
  EXPECT_EQ(Exact("gcd(48, 36, 30)"), "6");
  EXPECT_EQ(Exact("lcm(4, 6, -10)"), "60");
  EXPECT_EQ(Exact("abs(-1/2)"), "1/2");
  EXPECT_EQ(Exact("floor(-3/2)"), "-2");
  EXPECT_EQ(Exact("ceil(-3/2)"), "-1");
  EXPECT_EQ(Exact("trunc(-3/2)"), "-1");
  EXPECT_EQ(Exact("round(5/2)"), "3");
  EXPECT_EQ(Exact("round(-5/2)"), "-3");
  EXPECT_EQ(Exact("round(2.675, 2)"), "67/25");
  EXPECT_EQ(Exact("round(1234, -2)"), "1200");
  EXPECT_EQ(Exact("min(3, 1, 2) + max(3, 1, 2)"), "4");
  EXPECT_EQ(Exact("sum(1, 2, 3) * mean(1, 2)"), "9");
  EXPECT_EQ(Exact("median(5, 1, 3) + median(1, 2)"), "9/2");
}

TEST(Calculation, RootsAreExactWhereTheyAreRational) {
  EXPECT_EQ(Exact("sqrt(9/16)"), "3/4");
  EXPECT_EQ(Exact("sqrt(10^200)"), "1" + std::string(100, '0'));
  EXPECT_EQ(Exact("sqrt(2)"), "~1.41421356237309504880168872421");
  EXPECT_EQ(Exact("4^0.5"), "2");
  EXPECT_EQ(Exact("4^(3/2)"), "8");
  EXPECT_EQ(Exact("sqrt(2e-60)"), "~1.41421356237309504880168872421e-30");
  EXPECT_EQ(Exact("sqrt(2e60)"), "~1.41421356237309504880168872421e+30");
  EXPECT_EQ(Exact("pi"), "~3.14159265358979323846264338328");
}

TEST(Calculation, WhatIsTooLargeIsAnErrorAtOnce) {
  for (const char* text : {"9^9^9", "9^9^9^9", "10^10000 * 10", "2^-99999999", "1e999999", "9999!", "3000! * 3000!",
                           "(10^9999)^(10^9999)", "1e9999999999"}) {
    const auto result = Calculate(text, Never);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.error().kind, ErrorKind::kTooLarge) << text;
  }
  EXPECT_EQ(Exact("1^(10^100)"), "1");
  EXPECT_EQ(Exact("(-1)^(10^100 + 1)"), "-1");
  EXPECT_EQ(Exact("0^(10^100)"), "0");
}

TEST(Calculation, ErrorsNameTheColumn) {
  EXPECT_EQ(Exact("1 / (2 - 2)"), "column 3: got a division by zero, want a divisor that is not 0");
  EXPECT_THAT(Exact("0^-1"), HasSubstr("division by zero"));
  EXPECT_EQ(Exact("1 + "), "column 5: got the end, want a number");
  EXPECT_EQ(Exact(""), "column 1: got the end, want a number");
  EXPECT_EQ(Exact("2 (3)"), "column 3: got '(', want an operator or the end");
  EXPECT_THAT(Exact("1,234"), HasSubstr("digits are grouped by '_'"));
  EXPECT_THAT(Exact("sqr(4)"), HasSubstr("did you mean 'sqrt'"));
  EXPECT_EQ(Exact("gcd(1/2)"), "column 1: got 0.5, want whole numbers");
  EXPECT_EQ(Exact("mod(1)"), "column 1: mod: got 1 arguments, want 2");
  EXPECT_THAT(Exact("sqrt(-1)"), HasSubstr("negative"));
  EXPECT_THAT(Exact("2^(1/3)"), HasSubstr("whole number or halves"));
  EXPECT_THAT(Exact("2e"), HasSubstr("without digits"));
  EXPECT_THAT(Exact("."), HasSubstr("want a number"));
  EXPECT_THAT(Exact("€"), HasSubstr("got '€'"));
  EXPECT_THAT(Exact(std::string(1000, '(')), HasSubstr("deeper than 200"));
  std::string powers = "1";
  for (int i = 0; i < 1000; ++i) powers += "^1";
  EXPECT_THAT(Exact(powers), HasSubstr("deeper than 200"));
  EXPECT_EQ(Exact(std::string(5000, '-') + "1"), "1");
}

TEST(Calculation, EndsWhenToldSo) {
  int operations = 0;
  const auto result = Calculate("1+1+1+1+1+1", [&] { return ++operations > 6; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kTimeout);
}

TEST(Rational, DecimalsRoundAndShowExponents) {
  const auto decimal = [](int64_t a, int64_t b, int64_t digits) { return Rational::Of(a, b)->Decimal(digits); };
  EXPECT_EQ(decimal(1, 3, 5), "0.33333");
  EXPECT_EQ(decimal(2, 3, 5), "0.66667");
  EXPECT_EQ(decimal(951, 1000, 2), "0.95");
  EXPECT_EQ(decimal(995, 1000, 2), "1");
  EXPECT_EQ(decimal(999999, 1, 3), "1e+6");
  EXPECT_EQ(decimal(-123456, 1, 3), "-1.23e+5");
  EXPECT_EQ(decimal(100, 1, 5), "100");
  EXPECT_EQ(decimal(1, 1000, 1), "0.001");
  EXPECT_EQ(decimal(5, 1, 1), "5");
  EXPECT_EQ(decimal(1, 1'000'000'000, 4), "1e-9");
}

TEST(Calculator, TellsFractionAndDecimal) {
  ToolBench bench;
  auto tools = bench.Make("calculator").value();
  ASSERT_EQ(tools.size(), 1u);
  const auto text = [&](std::string expression) {
    return bench.Run(*tools[0], Json::Object({{"expression", expression}})).value().text;
  };
  EXPECT_EQ(text("1/4 + 1"), "5/4 = 1.25");
  EXPECT_EQ(text("1/3"), "1/3 = about 0.33333333333333333333");
  EXPECT_EQ(text("6*7"), "42");
  EXPECT_EQ(text("sqrt(2)"), "about 1.4142135623730950488");
  const auto wrong = bench.Run(*tools[0], Json::Object({{"expression", "1/0"}})).value();
  EXPECT_TRUE(wrong.is_error);
  const auto large = bench.Run(*tools[0], Json::Object({{"expression", "7^9000"}})).value();
  EXPECT_THAT(large.text, HasSubstr("e+7605"));
  EXPECT_EQ(bench.Make("calculator", Json::Object({{"digits", 0}})).error().where, "with.digits");
}

}  // namespace
}  // namespace atelier
