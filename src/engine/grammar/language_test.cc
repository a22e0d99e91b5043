#include "engine/grammar/language.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

bool Matches(Languages& all, LanguageId state, std::string_view text) {
  for (const char c : text) state = all.Next(state, static_cast<uint8_t>(c));
  return all.Accepts(state);
}

TEST(Language, CountedCharactersAreCodePoints) {
  Languages all;
  const LanguageId two = all.Chars(2, 2);
  EXPECT_TRUE(Matches(all, two, "ab"));
  EXPECT_TRUE(Matches(all, two, "é😀"));
  EXPECT_FALSE(Matches(all, two, "é"));
  EXPECT_FALSE(Matches(all, two, "\xff\xff"));
}

TEST(Language, AnchorsLookaheadAndBoundaries) {
  Languages all;
  const auto searched = [&](std::string_view p, std::string_view text) {
    auto id = all.Pattern(p, Languages::Anchoring::kSearched);
    EXPECT_TRUE(id.ok()) << (id.ok() ? "" : id.error().Message());
    return Matches(all, *id, text);
  };
  EXPECT_TRUE(searched("^a|b$", "axx"));
  EXPECT_TRUE(searched("^a|b$", "xb"));
  EXPECT_FALSE(searched("^a|b$", "xax"));
  EXPECT_TRUE(searched("(^|,)x(,|$)", "a,x,b"));
  EXPECT_FALSE(searched("(^|,)x(,|$)", "a,xx"));
  EXPECT_FALSE(searched("^(?!foo).*$", "foobar"));
  EXPECT_TRUE(searched("^(?!foo).*$", "fobar"));
  EXPECT_FALSE(searched("^(?:(?!foo).)*$", "xxfoo"));
  EXPECT_TRUE(searched("^(?:(?!foo).)*$", "xxfofo"));
  EXPECT_TRUE(searched("\\bfoo\\b", "a foo b"));
  EXPECT_FALSE(searched("\\bfoo\\b", "afoo b"));
}

}  // namespace
}  // namespace atelier
