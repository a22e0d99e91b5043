// What is taken at once where any text may come, beside a look at every text in turn.
#include "engine/grammar/text_runs.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/text/utf8.h"
#include "engine/grammar/plain_tokens.h"

namespace atelier {
namespace {

const std::string kAlphabet[] = {
    "a", "q", "Z", "7", " ", "-", "@", "/", "é", "\xC2\xA0", "\xE2\x80\xA8", "語", "\xEF\xBB\xBF", "🙂"};

CharKinds KindOf(const std::string& character) {
  return character.size() == 1 ? KindOfAscii(static_cast<uint8_t>(character[0])) : KindOfUtf8(character);
}

// Patterns that count, loop, leave characters out, take all, and take any text wherever something stands in it.
const char* const kPatterns[] = {"^[a-z]{3}$",    "^[a-zA-Z0-9]{2,4}-[0-9]{2}$",
                                 "^.+$",          "^\\S+@\\S+$",
                                 "[0-9a-f]{3}",   "^(http|q)://.*",
                                 "^[^/]*/?$",     "^\\w+$",
                                 "^\\p{L}{1,2}$", "^[\\s\\S]{2}$",
                                 "^a|^q.|Z$",     "^[^a]*$",
                                 "^(?=.*7).*$",   "^[\\u3000-\\u9fff]*$",
                                 "^(a|é|語)+$",   "^$",
                                 "^[^\\u2028]*$", "^(?!.*@)[^7]{0,3}$"};

TEST(TextRuns, WhatIsTakenAtOnceMayAllCome) {
  for (const char* pattern : kPatterns) {
    Languages languages;
    TextRuns runs(languages);
    const LanguageId start = *languages.Pattern(pattern, Languages::Anchoring::kSearched);
    // The characters that may come first, and second after each of them.
    const std::function<void(LanguageId, int)> check = [&](LanguageId state, int depth) {
      for (const std::string& one : kAlphabet) {
        for (const std::string& other : kAlphabet) {
          const CharKinds kinds = KindOf(one) | KindOf(other);
          for (int32_t num_chars = 1; num_chars <= 3; ++num_chars) {
            if (!runs.MayAllCome(state, kinds, num_chars)) continue;
            const std::function<void(LanguageId, int32_t)> walk = [&](LanguageId at, int32_t left) {
              EXPECT_FALSE(languages.IsNothing(at)) << pattern << " " << one << other << num_chars;
              for (const std::string& next : {one, other}) {
                LanguageId to = at;
                for (const char byte : next) to = languages.Next(to, static_cast<uint8_t>(byte));
                if (left > 0) walk(to, left - 1);
              }
            };
            walk(state, num_chars);
          }
        }
      }
      for (const std::string& next : kAlphabet) {
        LanguageId to = state;
        for (const char byte : next) to = languages.Next(to, static_cast<uint8_t>(byte));
        if (depth > 0 && !languages.IsNothing(to)) check(to, depth - 1);
      }
    };
    check(start, 1);
  }
}

TEST(TextRuns, CountersEndAndLoopsDoNot) {
  Languages languages;
  TextRuns runs(languages);
  const CharKinds letters = KindOfAscii('a'), digits = KindOfAscii('7'), kana = KindOfUtf8("カ");
  const auto pattern = [&](const char* text) { return *languages.Pattern(text, Languages::Anchoring::kSearched); };
  EXPECT_TRUE(runs.MayAllCome(pattern("^[a-z]{5}$"), letters, 5));
  EXPECT_FALSE(runs.MayAllCome(pattern("^[a-z]{5}$"), letters, 6));
  EXPECT_FALSE(runs.MayAllCome(pattern("^[a-z]{5}$"), letters | digits, 1));
  EXPECT_TRUE(runs.MayAllCome(pattern("^[a-z]*-[0-9]*$"), letters, 1000));
  EXPECT_TRUE(runs.MayAllCome(pattern("^.*$"), letters | digits | kana, 1000));
  EXPECT_FALSE(runs.MayAllCome(pattern("^.*$"), KindOfUtf8("\xE2\x80\xA8"), 1));  // an end of a line
  EXPECT_TRUE(runs.MayAllCome(pattern("[0-9a-f]{4}"), letters | digits | kana, 1000));
}

TEST(Languages, AnyTextIsTakenWhereSomethingMayStillFollow) {
  Languages languages;
  const auto takes = [&](const char* text) {
    return languages.TakesAnyText(*languages.Pattern(text, Languages::Anchoring::kSearched));
  };
  EXPECT_TRUE(takes("x"));
  EXPECT_TRUE(takes("[0-9a-f]{40}"));
  EXPECT_TRUE(takes("^x|y"));
  EXPECT_FALSE(takes("^x"));
  EXPECT_FALSE(takes("^.*$"));
  const LanguageId any = Languages::kAnyText;
  EXPECT_TRUE(languages.TakesAnyText(any));
  EXPECT_TRUE(languages.TakesAnyText(languages.Not(languages.Words({"a", "b"}))));
  EXPECT_FALSE(languages.TakesAnyText(languages.Chars(0, 5)));
  const LanguageId searched = *languages.Pattern("x", Languages::Anchoring::kSearched);
  EXPECT_TRUE(languages.TakesAnyText(languages.And(std::array{searched, languages.Chars(7, std::nullopt)})));
  EXPECT_FALSE(languages.TakesAnyText(languages.And(std::array{searched, languages.Chars(0, 7)})));
  EXPECT_FALSE(languages.TakesAnyText(languages.And(std::array{searched, languages.Not(searched)})));
}

TEST(Languages, WordsWithoutOthersAreWords) {
  Languages languages;
  const LanguageId words = languages.Words({"ab", "abc", "é", "x", ""});
  const LanguageId left = languages.And(std::array{words, languages.Not(languages.Words({"abc", "é", "y"}))});
  EXPECT_EQ(left, languages.Words({"", "ab", "x"}));
  EXPECT_EQ(languages.And(std::array{words, languages.Not(words)}), Languages::kNothing);
  EXPECT_EQ(languages.And(std::array{words, languages.Not(languages.Literal("x"))}),
            languages.Words({"", "ab", "abc", "é"}));
}

TEST(PlainTokens, NodesKnowTheCharactersUnderThem) {
  const PlainTokens plain(TokenTrie({"ab7", "a\"", "a\\n", "aé", "a\xE8\xAA", "語b", "\xAA", "a\n", "-"}));
  const TokenTrie& trie = plain.trie();
  const auto under = [&](std::string_view text) { return plain.under(trie.Find(TokenTrie::kRoot, text)); };
  EXPECT_EQ(trie.Find(TokenTrie::kRoot, "\xAA"), -1);
  EXPECT_EQ(trie.Find(TokenTrie::kRoot, "a\""), -1);
  EXPECT_EQ(under("a").kinds, KindOfAscii('b') | KindOfAscii('7') | KindOfUtf8("é") | KindOfUtf8("語"));
  EXPECT_EQ(under("a").num_chars, 2);
  EXPECT_EQ(under("ab7").num_chars, 0);
  EXPECT_EQ(under("\xE8").kinds, KindOfUtf8("語") | KindOfAscii('b'));  // with the character itself
  EXPECT_EQ(under("\xE8").num_chars, 2);
  EXPECT_EQ(under("").kinds, under("a").kinds | KindOfAscii('-'));
}

}  // namespace
}  // namespace atelier
