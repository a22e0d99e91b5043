#include "engine/grammar/language.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace atelier {
namespace {

using Strings = std::set<std::string>;

LanguageId Walk(Languages& all, LanguageId state, std::string_view text) {
  for (const char c : text) state = all.Next(state, static_cast<uint8_t>(c));
  return state;
}
bool Matches(Languages& all, LanguageId state, std::string_view text) { return all.Accepts(Walk(all, state, text)); }

LanguageId And(Languages& all, std::vector<LanguageId> parts) { return all.And(parts); }
LanguageId Or(Languages& all, std::vector<LanguageId> parts) { return all.Or(parts); }
LanguageId Searched(Languages& all, std::string_view pattern) {
  auto language = all.Pattern(pattern, Languages::Anchoring::kSearched);
  EXPECT_TRUE(language.ok()) << pattern;
  return language.ok() ? *language : Languages::kNothing;
}

TEST(Language, CountedCharactersAreCodePoints) {
  Languages all;
  const LanguageId two = all.Chars(2, 2);
  EXPECT_TRUE(Matches(all, two, "ab"));
  EXPECT_TRUE(Matches(all, two, "é😀"));
  EXPECT_FALSE(Matches(all, two, "é"));
  EXPECT_FALSE(Matches(all, two, "\xff\xff"));
  EXPECT_FALSE(Matches(all, all.Chars(0, std::nullopt), "\xed\xa0\x80"));  // a surrogate
  EXPECT_FALSE(Matches(all, all.Chars(0, std::nullopt), "\xc0\x80"));      // overlong
}

TEST(Language, NotIsRelativeToText) {
  Languages all;
  const LanguageId not_a = all.Not(all.Literal("é"));
  EXPECT_FALSE(Matches(all, not_a, "é"));
  EXPECT_TRUE(Matches(all, not_a, ""));
  EXPECT_TRUE(Matches(all, not_a, "è"));
  EXPECT_FALSE(Matches(all, not_a, "\xc3"));
  EXPECT_FALSE(Matches(all, not_a, "\xff"));
  EXPECT_EQ(all.Not(not_a), all.Literal("é"));
  EXPECT_EQ(all.Not(Languages::kNothing), Languages::kAnyText);
}

TEST(Language, WordsAreATable) {
  Languages all;
  std::vector<std::string> words;
  for (int i = 0; i < 5000; ++i) words.push_back("word" + std::to_string(i * 7919 % 100003));
  const LanguageId language = all.Words(words);
  for (const std::string& word : words) EXPECT_TRUE(Matches(all, language, word));
  EXPECT_FALSE(Matches(all, language, "word"));
  EXPECT_FALSE(Matches(all, language, "word1x"));
  EXPECT_EQ(all.Count(language, 10000), 5000);
  EXPECT_EQ(all.Count(language, 4999), std::nullopt);
  EXPECT_EQ(all.NextBytes(Walk(all, language, "wo")), ByteSet().set('r'));
  const LanguageId rest = And(all, {language, all.Not(all.Words({words.begin(), words.end() - 1}))});
  EXPECT_EQ(all.Shortest(rest), words.back());
}

TEST(Language, CountersDoNotUnroll) {
  Languages all;
  const LanguageId language = Searched(all, "^(?:ab{1,1000}){1,100000}$");
  EXPECT_LT(all.num_states(), 20);
  EXPECT_EQ(all.Shortest(language), "ab");
  const LanguageId long_one = all.Repeat(all.Literal("ab"), 1000, 1000);
  EXPECT_EQ(all.Shortest(long_one)->size(), 2000);
}

TEST(Language, LoopBytesLeadBack) {
  Languages all;
  const LanguageId language = Searched(all, "^[^\"]*$");
  const ByteSet loop = all.LoopBytes(language);
  EXPECT_TRUE(loop['a']);
  EXPECT_FALSE(loop['"']);
  EXPECT_FALSE(loop[0xC3]);
}

TEST(Language, LengthsMeetPatterns) {
  Languages all;
  const LanguageId host = And(all, {Searched(all, "^[a-z0-9-]+$"), all.Chars(3, 63)});
  EXPECT_FALSE(all.IsNothing(host));
  EXPECT_FALSE(Matches(all, host, "ab"));
  EXPECT_TRUE(Matches(all, host, std::string(63, 'a')));
  EXPECT_TRUE(all.IsNothing(Walk(all, host, std::string(64, 'a'))));
  EXPECT_LT(all.num_states(), 500);
  EXPECT_TRUE(all.IsNothing(And(all, {Searched(all, "^a{5}$"), all.Chars(6, 9)})));
  EXPECT_TRUE(all.IsNothing(And(all, {Searched(all, "^(ab)*$"), Searched(all, "^(aab)+$")})));
}

TEST(Language, WhatNeverEndsIsNothing) {
  Languages all;
  // Every member of the one has an even length, of the other an odd one; the states run in circles.
  const LanguageId even = Searched(all, "^(?:..)*$"), odd = Searched(all, "^.(?:..)*$");
  EXPECT_TRUE(all.IsNothing(And(all, {even, odd})));
  EXPECT_FALSE(all.IsNothing(Or(all, {even, odd})));
  EXPECT_EQ(all.Shortest(And(all, {even, odd})), std::nullopt);
  EXPECT_FALSE(all.over_budget());
}

TEST(Language, CountKnowsTheEndless) {
  Languages all;
  EXPECT_EQ(all.Count(Languages::kNothing, 5), 0);
  EXPECT_EQ(all.Count(Languages::kEmpty, 5), 1);
  EXPECT_EQ(all.Count(Searched(all, "^[ab]{0,3}$"), 100), 15);
  EXPECT_EQ(all.Count(Searched(all, "^[ab]{0,3}$"), 14), std::nullopt);
  EXPECT_EQ(all.Count(Searched(all, "^a*$"), 1000), std::nullopt);
  EXPECT_EQ(all.Count(Searched(all, "^[é-ë]$"), 10), 3);
}

// Random expressions beside the sets of short strings that they stand for.
class Reference {
 public:
  explicit Reference(uint64_t seed) : random_(seed) {
    for (int length = 0; length <= 4; ++length) AddUniverse("", length);
  }

  struct Made {
    LanguageId language;
    Strings strings;  // all members of at most four characters
  };

  Made Make(int depth) {
    switch (random_.Below(depth > 0 ? 10 : 4)) {
      case 0: return Letters();
      case 1: return Words();
      case 2: return Counted();
      case 3: return random_.Below(4) == 0 ? Made{Languages::kEmpty, {""}} : Letters();
      case 4:
      case 5: {
        const Made a = Make(depth - 1), b = Make(depth - 1);
        return {all.Concat(a.language, b.language), Joined(a.strings, b.strings)};
      }
      case 6: {
        Made a = Make(depth - 1);
        const Made b = Make(depth - 1);
        a.strings.insert(b.strings.begin(), b.strings.end());
        return {Or(all, {a.language, b.language}), a.strings};
      }
      case 7: {
        const Made a = Make(depth - 1), b = Make(depth - 1);
        Strings both;
        std::ranges::set_intersection(a.strings, b.strings, std::inserter(both, both.end()));
        return {And(all, {a.language, b.language}), both};
      }
      case 8: {
        const Made a = Make(depth - 1);
        Strings others;
        std::ranges::set_difference(universe_, a.strings, std::inserter(others, others.end()));
        return {all.Not(a.language), others};
      }
      default: return Repeated(Make(depth - 1));
    }
  }

  const Strings& universe() const { return universe_; }
  Languages all;

 private:
  static constexpr std::string_view kLetters[] = {"a", "b", "é"};

  void AddUniverse(const std::string& prefix, int length) {
    if (length == 0) universe_.insert(prefix);
    for (size_t i = 0; length > 0 && i < 3; ++i) AddUniverse(prefix + std::string(kLetters[i]), length - 1);
  }
  Made Letters() {
    const std::string letter(kLetters[random_.Below(3)]);
    return {all.Literal(letter), {letter}};
  }
  Made Words() {
    std::vector<std::string> words;
    for (uint64_t i = 0, n = 1 + random_.Below(5); i < n; ++i) {
      auto at = universe_.begin();
      std::advance(at, random_.Below(universe_.size()));
      words.push_back(*at);
    }
    return {all.Words(words), Strings(words.begin(), words.end())};
  }
  static int64_t Length(std::string_view s) {
    return std::ranges::count_if(s, [](char c) { return (c & 0xC0) != 0x80; });
  }
  Made Counted() {
    const auto min = static_cast<int64_t>(random_.Below(4)), max = min + static_cast<int64_t>(random_.Below(3));
    const bool endless = random_.Below(3) == 0;
    Strings strings;
    for (const std::string& s : universe_) {
      if (Length(s) >= min && (endless || Length(s) <= max)) strings.insert(s);
    }
    return {all.Chars(min, endless ? std::nullopt : std::optional(max)), strings};
  }
  Strings Joined(const Strings& a, const Strings& b) {
    Strings joined;
    for (const std::string& x : a) {
      for (const std::string& y : b) {
        if (Length(x) + Length(y) <= 4) joined.insert(x + y);
      }
    }
    return joined;
  }
  Made Repeated(const Made& part) {
    const auto min = static_cast<int64_t>(random_.Below(3)), max = min + static_cast<int64_t>(random_.Below(3));
    const bool endless = random_.Below(2) == 0;
    Strings power = {""}, strings;
    // Four turns that consume something reach every string here; the others may be empty.
    for (int64_t i = 0; i <= (endless ? min + 4 : max); ++i) {
      if (i >= min) strings.insert(power.begin(), power.end());
      power = Joined(power, part.strings);
    }
    return {all.Repeat(part.language, min, endless ? std::nullopt : std::optional(max)), strings};
  }

  Random random_;
  Strings universe_;
};

TEST(Language, ExpressionsAreTheSetsThatTheyDescribe) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    Reference reference(seed);
    const auto made = reference.Make(4);
    Languages& all = reference.all;
    std::optional<size_t> shortest;
    for (const std::string& s : reference.universe()) {
      const bool member = made.strings.contains(s);
      ASSERT_EQ(Matches(all, made.language, s), member) << "seed " << seed << " on '" << s << "'";
      if (member && (!shortest || s.size() < *shortest)) shortest = s.size();
      const LanguageId state = Walk(all, made.language, s);
      const auto next = all.NextBytes(state);
      ASSERT_EQ(all.IsNothing(state), next.none() && !all.Accepts(state)) << "seed " << seed << " on '" << s << "'";
    }
    const auto found = all.Shortest(made.language);
    ASSERT_EQ(found.has_value(), !all.IsNothing(made.language)) << "seed " << seed;
    if (found) {
      ASSERT_TRUE(Matches(all, made.language, *found)) << "seed " << seed;
    }
    if (shortest) {
      ASSERT_TRUE(found && found->size() <= *shortest) << "seed " << seed;
    }
    ASSERT_FALSE(all.over_budget()) << "seed " << seed;
  }
}

TEST(Language, NearIsTheSameForSoManyBytes) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Reference reference(seed);
    Languages& all = reference.all;
    const LanguageId language = reference.Make(4).language;
    for (const int64_t num_bytes : {0, 1, 2, 4}) {
      const LanguageId near = all.Near(language, num_bytes);
      for (const std::string& s : reference.universe()) {
        for (size_t size = 0; size <= std::min<size_t>(s.size(), num_bytes); ++size) {
          const std::string_view start = std::string_view(s).substr(0, size);
          const LanguageId at = Walk(all, language, start), near_at = Walk(all, near, start);
          ASSERT_EQ(all.Accepts(at), all.Accepts(near_at)) << "seed " << seed << " bytes " << num_bytes << " on " << s;
          ASSERT_EQ(all.IsNothing(at), all.IsNothing(near_at))
              << "seed " << seed << " bytes " << num_bytes << " on " << s;
        }
      }
    }
  }
}

TEST(Language, CountersFarFromTheirEndsAreNearlyOne) {
  Languages all;
  const LanguageId text = all.Chars(0, 255),
                   identifier = And(all, {Searched(all, "^[a-z][a-z0-9_]*$"), all.Chars(0, 255)});
  EXPECT_EQ(all.Near(text, 32), Languages::kAnyText);
  EXPECT_EQ(all.Near(Walk(all, identifier, "abc"), 32), all.Near(Walk(all, identifier, "abcdefghij"), 32));
  EXPECT_EQ(all.Near(Walk(all, identifier, "abc"), 32), Searched(all, "^[a-z0-9_]*$"));
  const LanguageId last = Walk(all, identifier, std::string(250, 'a'));
  EXPECT_EQ(all.Near(last, 32), last);
  const LanguageId counted = Searched(all, "^(?:ab){100,200}$");
  EXPECT_EQ(all.Near(counted, 32), all.Near(Walk(all, counted, "abab"), 32));
}

TEST(Language, LawsHoldByIdentity) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Reference reference(seed);
    Languages& all = reference.all;
    const LanguageId a = reference.Make(3).language, b = reference.Make(3).language, c = reference.Make(3).language;
    EXPECT_EQ(all.Concat(all.Concat(a, b), c), all.Concat(a, all.Concat(b, c))) << "seed " << seed;
    EXPECT_EQ(Or(all, {a, b, c}), Or(all, {c, b, a})) << "seed " << seed;
    const LanguageId nested = Or(all, {a, Or(all, {b, c})}), flat = Or(all, {a, b, c});
    EXPECT_TRUE(all.IsNothing(And(all, {nested, all.Not(flat)}))) << "seed " << seed;
    EXPECT_TRUE(all.IsNothing(And(all, {flat, all.Not(nested)}))) << "seed " << seed;
    EXPECT_EQ(And(all, {a, a, b}), And(all, {b, a})) << "seed " << seed;
    EXPECT_EQ(Or(all, {a, Languages::kAnyText}), Languages::kAnyText) << "seed " << seed;
    EXPECT_EQ(And(all, {a, Languages::kAnyText}), a) << "seed " << seed;
    EXPECT_TRUE(all.IsNothing(And(all, {a, all.Not(a)}))) << "seed " << seed;
    EXPECT_TRUE(all.IsNothing(all.Not(Or(all, {a, all.Not(a)})))) << "seed " << seed;
  }
}

}  // namespace
}  // namespace atelier
