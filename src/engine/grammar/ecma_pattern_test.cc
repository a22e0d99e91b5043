#include "engine/grammar/ecma_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "base/tree_testing.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/random.h"
#include "base/text/json.h"
#include "engine/grammar/language.h"

namespace atelier {
namespace {

bool Matches(Languages& all, LanguageId state, std::string_view text) {
  for (const char c : text) state = all.Next(state, static_cast<uint8_t>(c));
  return all.Accepts(state);
}

// tools/golden_patterns.js asked Node's RegExp.
TEST(EcmaPattern, MatchesWhatNodeMatches) {
  const char* other = std::getenv("ATELIER_PATTERNS");
  std::ifstream file(other ? other : SourcePath("/tests/golden/engine_grammar/patterns.jsonl"));
  ASSERT_TRUE(file.good());
  int num_patterns = 0, num_refused = 0;
  for (std::string line; std::getline(file, line);) {
    const auto row = Json::Parse(line);
    ASSERT_TRUE(row.ok()) << row.error().Message() << line;
    const std::string pattern = row->Find("p")->AsString(), mode = row->Find("m")->AsString();
    Languages all;
    const auto language = all.Pattern(pattern, Languages::Anchoring::kSearched);
    ++num_patterns;
    if (!language.ok()) {
      num_refused += mode != "bad";
      const auto kind = language.error().kind;
      EXPECT_TRUE(mode == "bad" || kind == ErrorKind::kUnsupported) << pattern << ": " << language.error().Message();
      continue;
    }
    EXPECT_NE(mode, "bad") << pattern;
    for (const auto& [key, want] : {std::pair("y", true), std::pair("n", false)}) {
      for (const Json& text : row->Find(key)->items()) {
        EXPECT_EQ(Matches(all, *language, text.AsString()), want) << pattern << " on " << text.Dump();
      }
    }
    EXPECT_EQ(all.IsNothing(*language), !all.Shortest(*language).has_value()) << pattern;
  }
  RecordProperty("patterns", num_patterns);
  RecordProperty("refused", num_refused);
  EXPECT_LT(num_refused, num_patterns / 30);
}

// Patterns whose syntax means the same to PCRE2, over characters that both treat alike.
class PatternWriter {
 public:
  explicit PatternWriter(uint64_t seed) : random_(seed) {}

  std::string Choice(int depth) {
    std::string all = Sequence(depth);
    while (random_.Below(4) == 0) all += "|" + Sequence(depth);
    return all;
  }
  std::string Text() {
    std::string text;
    for (uint64_t i = random_.Below(7); i > 0; --i) text += Pick({"a", "b", "é", ",", "_", "a", "b"});
    return text;
  }

 private:
  std::string Pick(std::initializer_list<const char*> of) { return of.begin()[random_.Below(of.size())]; }

  std::string Sequence(int depth) {
    std::string all;
    for (uint64_t i = random_.Below(5); i > 0; --i) {
      if (random_.Below(6) == 0) {
        all += Assertion(depth);
        continue;
      }
      all += Atom(depth);
      if (random_.Below(3) == 0) all += Pick({"*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "{0}"});
    }
    return all;
  }
  std::string Assertion(int depth) {
    const std::string inside = depth > 0 ? Choice(depth - 1) : "a";
    switch (random_.Below(6)) {
      case 0: return "(?=" + inside + ")";
      case 1:
      case 2: return "(?!" + inside + ")";
      case 3: return Pick({"(?<=a)", "(?<!a)", "(?<=[^b])", "(?<!^)", "(?<=^|,)", "(?<!\\w)"});
      default: return Pick({"^", "$", "\\b", "\\B"});
    }
  }
  std::string Atom(int depth) {
    if (depth > 0 && random_.Below(3) == 0) return (random_.Below(2) == 0 ? "(" : "(?:") + Choice(depth - 1) + ")";
    return Pick({"a", "b", "é", ",", "_", ".", "\\w", "\\W", "[ab]", "[^a]", "[a-c,]", "[^\\w]", "[é_]", "a", "b"});
  }

  Random random_;
};

TEST(EcmaPattern, MatchesWhatPcreMatches) {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(pcre2_match_data_create(1, nullptr),
                                                                                  &pcre2_match_data_free);
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    PatternWriter writer(seed);
    const std::string pattern = writer.Choice(3);
    int error = 0;
    PCRE2_SIZE offset = 0;
    const std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_DOLLAR_ENDONLY,
                      &error, &offset, nullptr),
        &pcre2_code_free);
    ASSERT_NE(code, nullptr) << pattern;
    Languages all;
    const auto language = all.Pattern(pattern, Languages::Anchoring::kSearched);
    ASSERT_TRUE(language.ok()) << pattern << ": " << language.error().Message();
    std::vector<std::string> texts;
    for (int i = 0; i < 20; ++i) texts.push_back(writer.Text());
    if (auto shortest = all.Shortest(*language)) texts.push_back(*std::move(shortest));
    for (const std::string& text : texts) {
      const int found =
          pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, match.get(), nullptr);
      if (found < 0 && found != PCRE2_ERROR_NOMATCH) continue;  // too much backtracking
      ASSERT_EQ(Matches(all, *language, text), found >= 0) << pattern << " on '" << text << "'";
    }
  }
}

TEST(EcmaPattern, RefusesWhatItCannotKeepByName) {
  Languages all;
  const auto refused = [&all](std::string_view pattern) {
    const auto language = all.Pattern(pattern, Languages::Anchoring::kSearched);
    return language.ok() ? std::string("accepted") : language.error().Message();
  };
  EXPECT_THAT(refused("(a)\\1"), testing::HasSubstr("back reference \\1"));
  EXPECT_THAT(refused("(?<n>a)\\k<n>"), testing::HasSubstr("back reference \\k"));
  EXPECT_THAT(refused("(?i)a"), testing::HasSubstr("modifiers"));
  EXPECT_THAT(refused("(?<=ab)c"), testing::HasSubstr("lookbehind"));
  EXPECT_THAT(refused("\\p{Nonsense}"), testing::HasSubstr("\\p{Nonsense}"));
  EXPECT_THAT(refused("a{,3}"), testing::HasSubstr("want '{0,'"));
  EXPECT_THAT(refused("a("), testing::HasSubstr("character 2: got '(' without ')'"));
  EXPECT_THAT(refused("[b-a]"), testing::HasSubstr("out of order"));
  EXPECT_THAT(refused(std::string(101, '(') + std::string(101, ')')), testing::HasSubstr("nested deeper than 100"));
  EXPECT_THAT(refused(std::string(70000, 'a')), testing::HasSubstr("70000 bytes"));
  EXPECT_FALSE(all.over_budget());
  EXPECT_THAT(refused("(\\b\\w+\\b\\s*){1,100000}"), testing::HasSubstr("too many states"));
}

TEST(EcmaPattern, WhatMakesBacktrackersSlowIsOrdinaryHere) {
  std::string optional;
  for (int i = 0; i < 400; ++i) optional += "a?";
  const std::string nested = std::string(99, '(') + "a" + [] {
    std::string close;
    for (int i = 0; i < 99; ++i) close += "b?)*";
    return close;
  }();
  for (const std::string& pattern :
       {std::string("(a+)+b"), std::string("(a|a)*b"), std::string("(a|aa)+$"), std::string("^(([a-z])+.)+[A-Z]$"),
        std::string("(.*a){20}"), std::string("^(?:(?:a|b(?=c)|c(?!d))*x{1,500}){1,500}$"), optional + "b", nested,
        std::string("^(a{1,1000}b?){1,1000}$"), std::string("(x+x+)+y"), std::string("(?=.*a)(?!.*b)(?:(?!aa).)*$")}) {
    Languages all;
    const auto language = all.Pattern(pattern, Languages::Anchoring::kSearched);
    ASSERT_TRUE(language.ok()) << pattern;
    Matches(all, *language, std::string(300, 'a') + "!");
    EXPECT_FALSE(all.IsNothing(*language)) << pattern;
    EXPECT_FALSE(all.over_budget()) << pattern;
  }
}

TEST(EcmaPattern, KnowsUnicodeProperties) {
  EXPECT_TRUE(UnicodeProperty("Lu")->Contains(U'É'));
  EXPECT_FALSE(UnicodeProperty("Uppercase_Letter")->Contains(U'é'));
  EXPECT_TRUE(UnicodeProperty("Script=Greek")->Contains(U'λ'));
  EXPECT_TRUE(UnicodeProperty("sc=Grek")->Contains(U'λ'));
  EXPECT_FALSE(UnicodeProperty("Script_Extensions=Han")->Contains(U'a'));
  EXPECT_TRUE(UnicodeProperty("Emoji_Presentation")->Contains(0x1F600));
  EXPECT_EQ(UnicodeProperty("Any"), CodePointSet::All());
  EXPECT_EQ(UnicodeProperty("greek"), std::nullopt);
  EXPECT_EQ(UnicodeProperty("Script=Klingon"), std::nullopt);
  EXPECT_EQ(UnicodeProperty("L}|\\p{N"), std::nullopt);
}

}  // namespace
}  // namespace atelier
