#include "base/text/decimal.h"

#include <gtest/gtest.h>

#include <random>

namespace atelier {
namespace {

Decimal Of(std::string_view text) {
  const auto value = Decimal::Parse(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(Decimal());
}

TEST(Decimal, EqualValuesHaveOneRepresentation) {
  for (const char* text : {"1", "1.0", "10e-1", "0.1e1", "1.000E0", "0.0001e+4", "100e-02"}) {
    EXPECT_EQ(Of(text), Decimal(1)) << text;
    EXPECT_EQ(Of(text).digits(), "1") << text;
    EXPECT_EQ(Of(text).exponent(), 0) << text;
  }
  for (const char* text : {"0", "-0", "0.000", "0e5", "-0.0E-7", "0e99999999999999999999"}) {
    EXPECT_EQ(Of(text), Decimal()) << text;
    EXPECT_FALSE(Of(text).negative()) << text;
  }
  EXPECT_EQ(Of("-1200"), Decimal(-1200));
  EXPECT_EQ(Decimal(-1200).digits(), "12");
  EXPECT_EQ(Decimal(-1200).exponent(), 2);
}

TEST(Decimal, TakesJsonNumbersAlone) {
  for (const char* text : {"", "-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "e5", "1 ", " 1", "0x1", "1.5.2", "NaN",
                           "1e5.0", "--1", "1e9999999999999999999", "1e-9999999999999999999"}) {
    EXPECT_FALSE(Decimal::Parse(text)) << text;
  }
}

TEST(Decimal, OrdersAsNumbersDo) {
  const char* const ascending[] = {"-1e999999999", "-10", "-9.99",      "-1",  "-0.5",
                                   "-1e-400",      "0",   "1e-400",     "0.5", "0.51",
                                   "1.0",          "9",   "9.5",        "10",  "10.000000000000000000001",
                                   "99",           "1e2", "1e999999999"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(Of(ascending[i]) <=> Of(ascending[j]), i <=> j) << ascending[i] << " against " << ascending[j];
    }
  }
}

TEST(Decimal, KnowsIntegers) {
  EXPECT_TRUE(Of("1.0").IsInteger());
  EXPECT_TRUE(Of("150e-1").IsInteger());
  EXPECT_TRUE(Of("1e999999999").IsInteger());
  EXPECT_FALSE(Of("1.5").IsInteger());
  EXPECT_FALSE(Of("1e-999999999").IsInteger());
  EXPECT_EQ(Of("9223372036854775807").AsInt64(), INT64_MAX);
  EXPECT_EQ(Of("-9223372036854775808").AsInt64(), INT64_MIN);
  EXPECT_EQ(Of("9223372036854775808").AsInt64(), std::nullopt);
  EXPECT_EQ(Of("5e3").AsInt64(), 5000);
  EXPECT_EQ(Of("-0").AsInt64(), 0);
  EXPECT_EQ(Of("0.5").AsInt64(), std::nullopt);
  EXPECT_EQ(Of("1e400").AsInt64(), std::nullopt);
  EXPECT_EQ(-Decimal(INT64_MAX) > Decimal(INT64_MIN), true);
  EXPECT_EQ(-Decimal(), Decimal());
}

TEST(Decimal, MultiplesAreExact) {
  EXPECT_TRUE(Of("0.3").IsMultipleOf(Of("0.1")));
  EXPECT_TRUE(Of("0.0075").IsMultipleOf(Of("0.0001")));
  EXPECT_FALSE(Of("0.00751").IsMultipleOf(Of("0.0001")));
  EXPECT_TRUE(Of("4.5").IsMultipleOf(Of("1.5")));
  EXPECT_FALSE(Of("35").IsMultipleOf(Of("1.5")));
  EXPECT_TRUE(Of("-9").IsMultipleOf(Of("1.5")));
  EXPECT_TRUE(Of("0").IsMultipleOf(Of("1e-999999999")));
  EXPECT_TRUE(Of("1e999999999").IsMultipleOf(Of("0.5")));
  EXPECT_FALSE(Of("1e308").IsMultipleOf(Of("0.123456789e-40")));
  EXPECT_FALSE(Of("1e999999999").IsMultipleOf(Of("3")));
  EXPECT_TRUE(Of("3e999999999").IsMultipleOf(Of("3")));
  EXPECT_TRUE(Of("1e999999999").IsMultipleOf(Of("1e-999999999")));
  EXPECT_TRUE(Of("1e60").IsMultipleOf(Of("1152921504606846976")));  // 2^60
  EXPECT_FALSE(Of("1e59").IsMultipleOf(Of("1152921504606846976")));
  EXPECT_TRUE(Of("1e100").IsMultipleOf(Of("1267650600228229401496703205376")));  // 2^100
  EXPECT_FALSE(Of("1e99").IsMultipleOf(Of("1267650600228229401496703205376")));
  EXPECT_TRUE(Of("1e999999999").IsMultipleOf(Of("1267650600228229401496703205376")));
}

TEST(Decimal, MultiplesOfLongUnitsAgreeWithProducts) {
  std::mt19937_64 random(7);
  const auto digits = [&](size_t n) {
    std::string text(1, static_cast<char>('1' + random() % 9));
    while (text.size() < n) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    const std::string unit = digits(1 + random() % 60);
    std::string sum = "0";  // unit × factor, by adding up as one does on paper
    const int factor = 1 + static_cast<int>(random() % 50);
    for (int i = 0; i < factor; ++i) {
      std::string next;
      for (size_t j = 0, carry = 0; j < std::max(sum.size(), unit.size()) || carry; ++j) {
        if (j < sum.size()) carry += static_cast<size_t>(sum[sum.size() - 1 - j] - '0');
        if (j < unit.size()) carry += static_cast<size_t>(unit[unit.size() - 1 - j] - '0');
        next.insert(next.begin(), static_cast<char>('0' + carry % 10));
        carry /= 10;
      }
      sum = next;
    }
    sum.erase(0, std::min(sum.find_first_not_of('0'), sum.size() - 1));
    EXPECT_TRUE(Of(sum + "e-30").IsMultipleOf(Of(unit + "e-30"))) << sum << " / " << unit;
    if (unit == "1") continue;
    std::string wrong = sum;  // one more: no multiple, unless the unit is 1
    for (size_t j = wrong.size(); j-- > 0;) {
      if (wrong[j] != '9') {
        ++wrong[j];
        break;
      }
      wrong[j] = '0';
      if (j == 0) wrong.insert(0, "1");
    }
    EXPECT_FALSE(Of(wrong).IsMultipleOf(Of(unit))) << wrong << " / " << unit;
  }
}

TEST(Decimal, TextIsShortAndReadsBack) {
  const std::pair<const char*, const char*> cases[] = {
      {"1.50", "1.5"},       {"-0", "0"},
      {"1e3", "1000"},       {"12345e-3", "12.345"},
      {"1e-7", "0.0000001"}, {"-1e-30", "-1e-30"},
      {"1.5e300", "15e299"}, {"100e21", "100000000000000000000000"},
      {"1e24", "1e24"},      {"-120", "-120"},
      {"0.05", "0.05"},      {"123456789012345678901234567890", "12345678901234567890123456789e1"},
  };
  for (const auto& [text, want] : cases) {
    EXPECT_EQ(Of(text).Text(), want);
    EXPECT_EQ(Of(Of(text).Text()), Of(text));
  }
}

}  // namespace
}  // namespace atelier
