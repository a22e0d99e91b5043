#include "engine/grammar/number_writer.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_map>

#include "base/random.h"
#include "engine/grammar/number_testing.h"

namespace atelier {
namespace {

Decimal D(std::string_view text) { return *Decimal::Parse(text); }
NumberSet AtLeast(std::string_view text) { return NumberSet::Above({.value = D(text)}); }
NumberSet AtMost(std::string_view text) { return NumberSet::Below({.value = D(text)}); }
NumberSet Over(std::string_view text) { return NumberSet::Above({.value = D(text), .open = true}); }
NumberSet Under(std::string_view text) { return NumberSet::Below({.value = D(text), .open = true}); }

std::optional<std::string> StateAfter(const NumberWriter& writer, std::string_view text) {
  std::optional<std::string> state("");
  for (size_t i = 0; i < text.size() && state; ++i) state = writer.Next(*state, text[i]);
  return state;
}
bool Accepts(const NumberWriter& writer, std::string_view text) {
  const auto state = StateAfter(writer, text);
  return state && writer.Accepts(*state);
}
bool Begins(const NumberWriter& writer, std::string_view text) { return StateAfter(writer, text).has_value(); }

// Takes every text up to a length through a writer and the reference.
class Walk {
 public:
  Walk(const ReferenceSet& reference, NumberSpelling spelling)
      : reference_(reference), spelling_(spelling), writer_(reference.set, spelling) {}

  // Whether the reference has a member that begins so, within the length.
  bool Visit(const std::string& text, const std::optional<std::string>& state, size_t max_length) {
    const bool whole = IsJsonNumber(text, false);
    const bool member = whole && Member(text);
    EXPECT_EQ(state && writer_.Accepts(*state), member) << Name(text) << " state " << state.value_or("dead");
    bool any = member;
    if (text.size() < max_length) {
      for (const char byte : std::string_view("0123456789.-+e")) {
        const std::string longer = text + byte;
        const auto next = state ? writer_.Next(*state, byte) : std::nullopt;
        if (IsJsonNumber(longer, true))
          any = Visit(longer, next, max_length) || any;
        else
          EXPECT_FALSE(next.has_value()) << Name(longer);
      }
    }
    EXPECT_FALSE(any && !state) << Name(text) << " is dead";
    // Searching takes its time: each state of short texts, some of the longer ones.
    const bool search = text.size() <= 2 || ++num_long_ % 97 == 0;
    if (state && !any && search && !(text.empty() && reference_.set.IsNothing())) ExpectCompletable(text, *state);
    return any;
  }
  const NumberWriter& writer() const { return writer_; }

 private:
  bool Member(std::string_view text) {
    return IsSpelling(reference_.set, spelling_, text) && reference_.contains(ReadReference(text).value);
  }
  void ExpectCompletable(const std::string& text, const std::string& state) {
    const auto [it, fresh] = completions_.try_emplace(state);
    if (fresh) it->second = Completion(writer_, state);
    ASSERT_TRUE(it->second.has_value()) << Name(text) << " state " << state;
    const std::string whole = text + *it->second;
    ASSERT_TRUE(IsJsonNumber(whole, false)) << Name(whole);
    EXPECT_TRUE(Member(whole)) << Name(whole) << " from " << text;
  }
  std::string Name(std::string_view text) const {
    return std::string(text) + " in " + reference_.name + " = " + reference_.set.Key() +
           (spelling_ == NumberSpelling::kPlain ? " plain" : "");
  }

  const ReferenceSet& reference_;
  NumberSpelling spelling_;
  NumberWriter writer_;
  int64_t num_long_ = 0;
  std::unordered_map<std::string, std::optional<std::string>> completions_;
};

void CheckRandomSets(uint64_t seed, int num_sets, size_t max_length) {
  Random random(seed);
  for (int i = 0; i < num_sets && !testing::Test::HasFailure(); ++i) {
    const ReferenceSet reference = RandomSet([&](uint64_t n) { return random.Below(n); }, 3);
    if (reference.set.over_budget()) continue;
    for (const auto spelling : {NumberSpelling::kAny, NumberSpelling::kPlain}) {
      Walk(reference, spelling).Visit("", "", max_length);
    }
  }
}

TEST(NumberWriter, EveryShortTextAsTheReferenceSays) { CheckRandomSets(1, 100, 4); }
TEST(NumberWriter, EveryTextOfFiveBytesAsTheReferenceSays) { CheckRandomSets(2, 4, 5); }

// Longer texts, chosen among those that can become members: their states are the ones that stand for many texts.
TEST(NumberWriter, LongTextsAsTheReferenceSays) {
  Random random(3);
  for (int i = 0; i < 4000 && !HasFailure(); ++i) {
    const ReferenceSet reference = RandomSet([&](uint64_t n) { return random.Below(n); }, 3);
    if (reference.set.over_budget()) continue;
    const auto spelling = i % 2 == 0 ? NumberSpelling::kAny : NumberSpelling::kPlain;
    const NumberWriter writer(reference.set, spelling);
    for (int walk = 0; walk < 20; ++walk) {
      std::string text, state;
      for (int tries = 0; tries < 60 && text.size() < 12; ++tries) {
        const char byte = "0000123456789999.-+eE"[random.Below(21)];
        const auto next = writer.Next(state, byte);
        const bool member = IsJsonNumber(text + byte, false) && IsSpelling(reference.set, spelling, text + byte) &&
                            reference.contains(ReadReference(text + byte).value);
        ASSERT_EQ(next && writer.Accepts(*next), member)
            << text << byte << " in " << reference.name << " = " << reference.set.Key() << " from state " << state;
        if (!next) continue;
        text += byte;
        state = *next;
      }
    }
  }
}

TEST(NumberWriter, EverythingIsJsonsGrammar) {
  const NumberWriter writer(NumberSet::Everything(), NumberSpelling::kAny);
  for (const char* text : {"0", "-0", "12", "-3.50", "1e5", "0E-00", "120.25e+07", "1e999999999999999999999999999"}) {
    EXPECT_TRUE(Accepts(writer, text)) << text;
  }
  for (const char* text : {"01", ".5", "+1", "1e1.5", "--1", "1e+-1", "1..2", "00", "-01", "1e5e"}) {
    EXPECT_FALSE(Begins(writer, text)) << text;
  }
  for (const char* text : {"-", "1.", "1e", "1e-"}) {
    EXPECT_TRUE(Begins(writer, text)) << text;
    EXPECT_FALSE(Accepts(writer, text)) << text;
  }
}

TEST(NumberWriter, AnIntegerMayBeSpelledAsJsonAllows) {
  const NumberWriter writer(NumberSet::Integers(), NumberSpelling::kAny);
  for (const char* text : {"5.0", "1.50e1", "1200e-2", "0e7", "0.000", "12e30", "0.005e3"}) {
    EXPECT_TRUE(Accepts(writer, text)) << text;
  }
  EXPECT_TRUE(Begins(writer, "1.5"));
  for (const char* text : {"1.5", "1200e-3", "15e-1", "0.005e2"}) EXPECT_FALSE(Accepts(writer, text)) << text;
  EXPECT_FALSE(Begins(writer, "15e-1"));
  EXPECT_FALSE(Accepts(writer, "1.05e1"));
}

TEST(NumberWriter, AnExponentReachesOverATinyInterval) {
  const NumberWriter writer(Over("0").And(Under("1e-9")), NumberSpelling::kAny);
  for (const char* text : {"0.0000000001", "1e-10", "9.9e-10", "7e-99999999999999"})
    EXPECT_TRUE(Accepts(writer, text)) << text;
  for (const char* text : {"0.00000001", "1e-9.", "1e5", "2e+", "12", "-", "0e"})
    EXPECT_FALSE(Begins(writer, text)) << text;
  EXPECT_TRUE(Begins(writer, "1e-9")) << "1e-99 follows";
  EXPECT_FALSE(Accepts(writer, "1e-9"));
  EXPECT_FALSE(Accepts(writer, "0.000"));
}

TEST(NumberWriter, UnitsOfAnySizeMeet) {
  const NumberSet set = NumberSet::MultiplesOf(D("0.01")).And(NumberSet::MultiplesOf(D("1e308")));
  EXPECT_FALSE(set.over_budget());
  const NumberWriter writer(set, NumberSpelling::kAny);
  EXPECT_TRUE(Accepts(writer, "0"));
  EXPECT_TRUE(Accepts(writer, "3e308"));
  EXPECT_TRUE(Accepts(writer, "1.5e309"));
  EXPECT_FALSE(Accepts(writer, "1.5e308"));
  EXPECT_TRUE(Accepts(writer, "7" + std::string(308, '0')));
  EXPECT_FALSE(Accepts(writer, "7" + std::string(307, '0')));
  EXPECT_FALSE(Begins(writer, "0.01"));
  const NumberWriter bounded(set.And(Over("0")).And(AtMost("2e308")), NumberSpelling::kPlain);
  EXPECT_FALSE(Begins(bounded, "3"));
  EXPECT_TRUE(Begins(bounded, "2" + std::string(100, '0')));
  EXPECT_FALSE(Begins(bounded, "2" + std::string(100, '0') + "1"));
}

TEST(NumberWriter, AnEnumIsWrittenInAnyPlainLength) {
  const NumberWriter writer(NumberSet::Values({D("1.5"), D("-20"), D("0.003")}), NumberSpelling::kAny);
  for (const char* text : {"1.5", "1.500", "15e-1", "1.5e0", "-20", "-20.0", "-2e1", "3e-3", "0.003", "3.0e-0003"}) {
    EXPECT_EQ(Accepts(writer, text), std::string_view(text) != "15e-1") << text;
  }
  for (const char* text : {"1.51", "2", "-21", "-20.1", "0.0031", "0.1", "3.1", "-2e2"})
    EXPECT_FALSE(Begins(writer, text)) << text;
}

TEST(NumberWriter, PlainNumbersEnd) {
  const NumberWriter integers(NumberSet::Integers().And(AtLeast("-5")), NumberSpelling::kPlain);
  EXPECT_TRUE(Accepts(integers, "12345678901234567890123"));
  for (const char* text : {"1.", "1e", "-0", "-6", "-1e"}) EXPECT_FALSE(Begins(integers, text)) << text;
  const NumberWriter numbers(Over("0.25"), NumberSpelling::kPlain);
  EXPECT_TRUE(Accepts(numbers, "1." + std::string(19, '3')));
  EXPECT_FALSE(Begins(numbers, "1." + std::string(20, '3')));
  EXPECT_TRUE(Accepts(numbers, "0.25" + std::string(16, '0') + "1"));
  EXPECT_FALSE(Begins(numbers, "0.25" + std::string(17, '0')));
  EXPECT_FALSE(Begins(numbers, "-"));
}

TEST(NumberWriter, AMinusNeedsANumberBelowZero) {
  const NumberSet set = NumberSet::Integers().And(AtLeast("0"));
  EXPECT_TRUE(Accepts(NumberWriter(set, NumberSpelling::kAny), "-0"));
  EXPECT_FALSE(Begins(NumberWriter(set, NumberSpelling::kPlain), "-"));
  EXPECT_FALSE(Begins(NumberWriter(set.And(Over("0")), NumberSpelling::kAny), "-"));
}

// The states that texts of up to so many bytes lead to.
std::set<std::string> States(const NumberWriter& writer, int length) {
  std::set<std::string> all{""}, last{""};
  for (int i = 0; i < length; ++i) {
    std::set<std::string> next;
    for (const std::string& state : last) {
      for (const char byte : std::string_view("0123456789.-+eE")) {
        if (auto state_after = writer.Next(state, byte)) next.insert(*std::move(state_after));
      }
    }
    all.insert(next.begin(), next.end());
    last = std::move(next);
  }
  return all;
}

TEST(NumberWriter, SimpleSetsHaveFewStates) {
  struct Case {
    NumberSet set;
    NumberSpelling spelling;
    size_t most;
  };
  const NumberSet integers = NumberSet::Integers();
  for (const auto& [set, spelling, most] : std::vector<Case>{
           {NumberSet::Everything(), NumberSpelling::kAny, 14},
           {integers, NumberSpelling::kPlain, 5},
           {integers.And(AtLeast("0")), NumberSpelling::kPlain, 3},
           {integers.And(AtLeast("1")).And(AtMost("100")), NumberSpelling::kPlain, 10},
           {AtLeast("5"), NumberSpelling::kAny, 40},
           {Over("0"), NumberSpelling::kAny, 12},
           {AtLeast("0").And(AtMost("1")), NumberSpelling::kAny, 30},
           {NumberSet::Everything(), NumberSpelling::kPlain, 40},
       }) {
    EXPECT_LE(States(NumberWriter(set, spelling), 30).size(), most) << set.Key();
  }
}

}  // namespace
}  // namespace atelier
