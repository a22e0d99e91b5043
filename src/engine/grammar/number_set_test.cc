#include "engine/grammar/number_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/grammar/number_testing.h"

namespace atelier {
namespace {

Decimal D(std::string_view text) { return *Decimal::Parse(text); }
std::vector<Decimal> Ds(std::initializer_list<std::string_view> texts) {
  std::vector<Decimal> values;
  for (const std::string_view text : texts) values.push_back(D(text));
  return values;
}
NumberSet AtLeast(std::string_view text) { return NumberSet::Above({.value = D(text)}); }
NumberSet AtMost(std::string_view text) { return NumberSet::Below({.value = D(text)}); }
NumberSet Over(std::string_view text) { return NumberSet::Above({.value = D(text), .open = true}); }
NumberSet Under(std::string_view text) { return NumberSet::Below({.value = D(text), .open = true}); }

TEST(NumberSet, UnitsMeetInTheirLeastCommonMultiple) {
  const NumberSet set = NumberSet::MultiplesOf(D("0.6")).And(NumberSet::MultiplesOf(D("0.25")));
  EXPECT_EQ(set.And(Over("0")).And(AtMost("9")).Members(10), Ds({"3", "6", "9"}));
  EXPECT_TRUE(set.Contains(D("3e99")));
  EXPECT_FALSE(set.Contains(D("1.5")));
}

TEST(NumberSet, WhatAnIntervalHoldsIsKnownExactly) {
  const NumberSet integers = NumberSet::Integers();
  EXPECT_TRUE(integers.And(Over("0")).And(Under("1")).IsNothing());
  EXPECT_FALSE(integers.And(AtLeast("0")).And(Under("1")).IsNothing());
  EXPECT_TRUE(integers.And(AtLeast("0.2")).And(AtMost("0.8")).IsNothing());
  EXPECT_TRUE(NumberSet::MultiplesOf(D("7")).And(AtLeast("-6.99")).And(Under("0")).IsNothing());
  EXPECT_FALSE(Over("1e-9").And(Under("1.0001e-9")).IsNothing());
  EXPECT_TRUE(Over("1").And(Under("1")).IsNothing());
  // All of 2 to 4 are multiples of 2 or 3; 5 is not.
  const NumberSet neither = integers.And(NumberSet::MultiplesOf(D("2")).Or(NumberSet::MultiplesOf(D("3"))).Not());
  EXPECT_TRUE(neither.And(AtLeast("2")).And(AtMost("4")).IsNothing());
  EXPECT_EQ(neither.And(AtLeast("2")).And(AtMost("7")).Members(5), Ds({"5", "7"}));
}

TEST(NumberSet, ComplementsOfMultiplesMeet) {
  const NumberSet whole = NumberSet::MultiplesOf(D("2"));
  EXPECT_TRUE(whole.Or(whole.Not()).IsEverything());
  EXPECT_TRUE(whole.And(whole.Not()).IsNothing());
  EXPECT_TRUE(whole.And(NumberSet::Integers()).Key() == whole.Key());
  EXPECT_TRUE(whole.And(NumberSet::Integers().Not()).IsNothing());
  EXPECT_TRUE(NumberSet::MultiplesOf(D("0.1")).Or(NumberSet::Integers()).Key() ==
              NumberSet::MultiplesOf(D("0.1")).Key());
}

TEST(NumberSet, FarNumbersCostLittle) {
  const NumberSet far = NumberSet::Integers().And(Over("1e308"));
  EXPECT_FALSE(far.IsNothing());
  EXPECT_TRUE(far.Contains(D("1e999999999999")));
  EXPECT_FALSE(far.Contains(D("-1e999999999999")));
  EXPECT_FALSE(NumberSet::MultiplesOf(D("0.3")).Contains(D("1e999999999999")));
  const NumberSet next = far.And(Under("100000000000000000000000000000000000000000000000000000000000000000000e240"));
  EXPECT_TRUE(next.IsNothing()) << "both bounds are 1e308";
}

TEST(NumberSet, WhatTakesTooMuchIsOverBudget) {
  EXPECT_TRUE(AtLeast("1e1000000").over_budget());
  EXPECT_TRUE(NumberSet::MultiplesOf(D("1e-1000000")).over_budget());
  EXPECT_TRUE(NumberSet::Values({D("3e2000")}).And(NumberSet::Integers()).over_budget());
  const NumberSet long_unit = NumberSet::MultiplesOf(D("1234567890123456789012345678901234567891"));
  EXPECT_FALSE(long_unit.over_budget());
  EXPECT_TRUE(long_unit.And(NumberSet::MultiplesOf(D("1234567890123456789012345678901234567893"))).over_budget());
  NumberSet many = NumberSet::Nothing();
  for (const char* prime : {"2", "3", "5", "7", "11", "13", "17", "19"})
    many = many.Or(NumberSet::MultiplesOf(D(prime)));
  EXPECT_FALSE(many.over_budget());
  EXPECT_TRUE(many.Or(NumberSet::MultiplesOf(D("23"))).over_budget());
  EXPECT_FALSE(many.IsAllIntegers()) << "a ninth unit does not fit: the answer is the careful one";
}

TEST(NumberSet, MembersAreListedWhereTheyAreFew) {
  EXPECT_EQ(NumberSet::Integers().And(AtLeast("-2")).And(Under("3")).Members(5), Ds({"-2", "-1", "0", "1", "2"}));
  EXPECT_FALSE(NumberSet::Integers().And(AtLeast("-2")).And(Under("3")).Members(4).has_value());
  EXPECT_FALSE(NumberSet::Integers().Members(1000).has_value());
  EXPECT_FALSE(AtLeast("1").And(AtMost("2")).Members(1000).has_value());
  EXPECT_EQ(NumberSet::Nothing().Members(0), std::vector<Decimal>());
  EXPECT_EQ(NumberSet::Values(Ds({"3", "1.5", "3.0", "-1e2"})).Members(3), Ds({"-100", "1.5", "3"}));
  EXPECT_EQ(NumberSet::Values(Ds({"3", "1.5"})).And(NumberSet::Integers()).Members(3), Ds({"3"}));
}

TEST(NumberSet, ASetOfWholeNumbersIsToldByItsMembers) {
  EXPECT_TRUE(NumberSet::Values(Ds({"3", "1"})).IsAllIntegers());
  EXPECT_FALSE(NumberSet::Values(Ds({"3", "1.5"})).IsAllIntegers());
  EXPECT_TRUE(NumberSet::MultiplesOf(D("2.5")).And(NumberSet::MultiplesOf(D("2"))).IsAllIntegers());
  EXPECT_FALSE(NumberSet::MultiplesOf(D("2.5")).IsAllIntegers());
  EXPECT_TRUE(NumberSet::MultiplesOf(D("0.5")).And(AtLeast("1")).And(AtMost("1.4")).IsAllIntegers());
}

// Numbers at which random sets are compared: near their bounds, and a few far away.
std::vector<std::string> Probes() {
  std::vector<std::string> probes;
  for (int64_t i = -1300; i <= 1300; i += i > -30 && i < 30 ? 1 : 7) {
    for (const char* exponent : {"e0", "e-1", "e-2", "e-3", "e-4", "e1", "e2", "e9"})
      probes.push_back(std::to_string(i) + exponent);
  }
  return probes;
}

TEST(NumberSet, AndOrAndNotAreAsTheReferenceSays) {
  Random random(7);
  const auto probes = Probes();
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    const ReferenceSet set = RandomSet([&](uint64_t n) { return random.Below(n); }, 4);
    if (set.set.over_budget()) continue;
    const auto members = set.set.Members(50);
    bool any = false, all = true, integers = true;
    for (const std::string& probe : probes) {
      const Decimal value = D(probe);
      const bool member = set.contains(ReadReference(probe).value);
      any = any || member;
      all = all && member;
      integers = integers && (!member || value.IsInteger());
      ASSERT_EQ(set.set.Contains(value), member) << probe << " in " << set.name << " = " << set.set.Key();
      ASSERT_EQ(set.set.Mirrored().Contains(-value), member) << probe << " in " << set.name;
      if (members && member) {
        ASSERT_THAT(*members, testing::Contains(value)) << set.name;
      }
    }
    if (members) {
      for (const Decimal& value : *members) EXPECT_TRUE(set.set.Contains(value)) << set.name;
    }
    EXPECT_FALSE(any && set.set.IsNothing()) << set.name;
    EXPECT_FALSE(!all && set.set.IsEverything()) << set.name;
    EXPECT_FALSE(!integers && set.set.IsAllIntegers()) << set.name;
  }
}

TEST(NumberSet, LawsHold) {
  Random random(8);
  const auto below = [&](uint64_t n) { return random.Below(n); };
  for (int i = 0; i < 400; ++i) {
    const ReferenceSet a = RandomSet(below, 2), b = RandomSet(below, 2);
    if (a.set.And(b.set).over_budget()) continue;
    SCOPED_TRACE(a.name + " with " + b.name);
    EXPECT_EQ(a.set.Not().Not().Key(), a.set.Key());
    EXPECT_TRUE(a.set.Or(a.set.Not()).IsEverything());
    EXPECT_TRUE(a.set.And(a.set.Not()).IsNothing());
    EXPECT_EQ(a.set.And(b.set).Key(), b.set.And(a.set).Key());
    EXPECT_EQ(a.set.And(b.set).Key(), a.set.Not().Or(b.set.Not()).Not().Key());
    EXPECT_EQ(a.set.And(a.set).Key(), a.set.Key());
    EXPECT_EQ(a.set.Mirrored().Mirrored().Key(), a.set.Key());
    // a ⊆ a ∪ b, exactly.
    EXPECT_TRUE(a.set.And(a.set.Or(b.set).Not()).IsNothing());
    EXPECT_TRUE(a.set.And(b.set).And(a.set.Not()).IsNothing());
  }
}

}  // namespace
}  // namespace atelier
