#include "base/text/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace atelier {
namespace {

TEST(Glob, StarsStayWithinAPart) {
  EXPECT_TRUE(GlobMatches("*.md", "a.md"));
  EXPECT_FALSE(GlobMatches("*.md", "a/b.md"));
  EXPECT_TRUE(GlobMatches("a/*/c", "a/b/c"));
  EXPECT_FALSE(GlobMatches("a/*/c", "a/b/b/c"));
  EXPECT_TRUE(GlobMatches("a*b*c", "axxbxxc"));
  EXPECT_TRUE(GlobMatches("?.md", "a.md"));
  EXPECT_FALSE(GlobMatches("a?b", "a/b"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
  EXPECT_TRUE(GlobMatches("*", ""));
}

TEST(Glob, TwoStarsGoOverParts) {
  EXPECT_TRUE(GlobMatches("**", "a/b/c"));
  EXPECT_TRUE(GlobMatches("**/*.md", "a.md"));
  EXPECT_TRUE(GlobMatches("**/*.md", "a/b/c.md"));
  EXPECT_TRUE(GlobMatches("a/**", "a/b/c"));
  EXPECT_FALSE(GlobMatches("a/**", "b/a/c"));
  EXPECT_TRUE(GlobMatches("a/**/c", "a/c"));
  EXPECT_TRUE(GlobMatches("a/**/c", "a/b/b/c"));
  EXPECT_FALSE(GlobMatches("a/**/c", "a/bc"));
  EXPECT_FALSE(GlobMatches("**/c", "abc"));
}

TEST(Glob, ClassesAndEscapes) {
  EXPECT_TRUE(GlobMatches("[a-c]x", "bx"));
  EXPECT_FALSE(GlobMatches("[!a-c]x", "bx"));
  EXPECT_FALSE(GlobMatches("a[!b]c", "a/c"));
  EXPECT_TRUE(GlobMatches("\\*.md", "*.md"));
  EXPECT_FALSE(GlobMatches("\\*.md", "a.md"));
  EXPECT_TRUE(GlobMatches("a[", "a["));
}

TEST(Glob, ManyStarsTakeNoLongerThanTheProduct) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace atelier
