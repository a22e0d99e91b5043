#include "base/text/ecma_regex.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

// "yes", "no", or the error.
std::string Search(std::string_view pattern, std::string_view text) {
  const auto regex = EcmaRegex::Compile(pattern);
  if (!regex.ok()) return regex.error().Message();
  const auto found = regex->Search(text);
  return !found.ok() ? found.error().Message() : *found ? "yes" : "no";
}

bool Compiles(std::string_view pattern) { return EcmaRegex::Compile(pattern).ok(); }

TEST(EcmaRegex, SearchesAnywhere) {
  EXPECT_EQ(Search("a+", "xxaayy"), "yes");
  EXPECT_EQ(Search("^a+$", "xxaayy"), "no");
  EXPECT_EQ(Search("a|^b", "xb"), "no");
  EXPECT_EQ(Search("", ""), "yes");
  EXPECT_EQ(Search("b$", "a\nb"), "yes");
}

TEST(EcmaRegex, DollarDoesNotMatchBeforeALineEnd) {
  EXPECT_EQ(Search("^abc$", "abc\n"), "no");
  EXPECT_EQ(Search("^.$", "\n"), "no");
  EXPECT_EQ(Search("^.$", "\xE2\x80\xA8"), "no");  // line separator
  EXPECT_EQ(Search("^.$", "\xC2\x85"), "yes");     // next line: no line end to ECMA
}

TEST(EcmaRegex, ClassesAreAsciiButForSpaces) {
  EXPECT_EQ(Search(R"(^\d$)", "\xE0\xA7\xAA"), "no");
  EXPECT_EQ(Search(R"(^\w$)", "é"), "no");
  EXPECT_EQ(Search(R"(^\W$)", "é"), "yes");
  EXPECT_EQ(Search(R"(^[\D\w]$)", "é"), "yes");
  for (const char* space : {" ", "\t", "\v", "\f", "\xC2\xA0", "\xEF\xBB\xBF", "\n", "\xE2\x80\xA9", "\xE2\x80\x83"}) {
    EXPECT_EQ(Search(R"(^\s$)", space), "yes");
    EXPECT_EQ(Search(R"(^[^\s]$)", space), "no");
    EXPECT_EQ(Search(R"(^[x\S]$)", space), "no");
    EXPECT_EQ(Search(R"(^\S$)", space), "no");
  }
  EXPECT_EQ(Search(R"(^[\S]$)", "\xE2\x80\x93"), "yes");
}

TEST(EcmaRegex, EscapesStandForCharacters) {
  EXPECT_EQ(Search(R"(^\cC\cc$)", "\x03\x03"), "yes");
  EXPECT_EQ(Search(R"(^\x41\u0042\u{43}\/\-\0$)", std::string_view("ABC/-\0", 6)), "yes");
  EXPECT_EQ(Search(R"(^\ud83d\udc32*$)", "🐲🐲"), "yes");
  EXPECT_EQ(Search(R"(^[\ud83d\udc32-\u{1f433}]$)", "🐳"), "yes");
  EXPECT_EQ(Search(R"(^[\b]$)", "\b"), "yes");
  EXPECT_EQ(Search(R"(\ud83d)", "🐲"), "no");
  EXPECT_EQ(Search(R"(^[\ud83d]?$)", ""), "yes");
  EXPECT_EQ(Search(R"(^[^\ud83d]$)", "x"), "yes");
  EXPECT_EQ(Search(R"(^[\u0000-\u{10ffff}]$)", "🐲"), "yes");
  EXPECT_EQ(Search("^#Q.E\\.$", "#QxE."), "yes");
  EXPECT_EQ(Search("^[[:alpha:]]$", ":]"), "yes");  // a class of "[:alph", then "]"
  EXPECT_EQ(Search("[]", "a"), "no");
  EXPECT_EQ(Search("^[^]$", "\n"), "yes");
}

TEST(EcmaRegex, PropertiesHaveLongNames) {
  EXPECT_EQ(Search(R"(^\p{Letter}\p{Lu}\p{digit}\p{Script=Greek}\P{L}$)", "éÉ\xE0\xA7\xAAα1"), "yes");
  EXPECT_EQ(Search(R"(^[\p{General_Category=Uppercase_Letter}x]+$)", "ÉxA"), "yes");
  EXPECT_FALSE(Compiles(R"(\p{Nothing})"));
  EXPECT_FALSE(Compiles(R"(\pL)"));
}

TEST(EcmaRegex, GroupsAndReferences) {
  EXPECT_EQ(Search(R"(^(?<a>x|y)\k<a>\1$)", "yyy"), "yes");
  EXPECT_EQ(Search(R"(^(?<a>x|y)\k<a>$)", "xy"), "no");
  EXPECT_EQ(Search(R"(^\1(a)$)", "a"), "yes");  // a group not matched yet is empty
  EXPECT_EQ(Search(R"(^(?:(a)|b)\1$)", "b"), "yes");
  EXPECT_EQ(Search(R"(^(?!ab)(?=a)..$)", "ac"), "yes");
  EXPECT_EQ(Search(R"(^a(?<=a)(?<!b)c$)", "ac"), "yes");
  EXPECT_EQ(Search(R"(^(a{2,3}?)+$)", "aaaaa"), "yes");
}

TEST(EcmaRegex, WhatMeansOneThingOnlyIsTaken) {
  EXPECT_EQ(Search(R"(^[\w-.]+$)", "a-.b"), "yes");
  EXPECT_EQ(Search(R"(^[a-\d]+$)", "a-5"), "yes");
  EXPECT_EQ(Search(R"(^{}]a{x}$)", "{}]a{x}"), "yes");
  EXPECT_EQ(Search(R"(^\:\_\"\'\@\ $)", ":_\"'@ "), "yes");
}

TEST(EcmaRegex, OtherLanguagesAreRefused) {
  for (const char* pattern : {"(",
                              ")",
                              "[a",
                              "a**",
                              "a++",
                              "*a",
                              "^*",
                              "(?",
                              "(?i)a",
                              "(?>a)",
                              "(?P<n>a)",
                              "a{,3}",
                              "a{3,2}",
                              "[b-a]",
                              "\\",
                              R"(\a)",
                              R"(\A)",
                              R"(\Z)",
                              R"(\z)",
                              R"(\Qa\E)",
                              R"(\h)",
                              R"(\R)",
                              R"(\K)",
                              R"(\1)",
                              R"(\k<a>)",
                              R"((a)\2)",
                              R"(\u12)",
                              R"(\x4)",
                              R"(\u{110000})",
                              R"(\c1)",
                              R"(\01)",
                              "(?<1>a)",
                              "(?<a>x)(?<a>y)",
                              "[\\B]",
                              "(?<=a)*",
                              "\xff",
                              R"(\p{L}{2,1})",
                              "(?#c)",
                              "(*ACCEPT)",
                              "(?|a)"}) {
    EXPECT_FALSE(Compiles(pattern)) << pattern;
  }
  EXPECT_EQ(Search(R"(^\Ab)", "b"), "got the pattern \"^\\Ab\", at byte 1 want an escape that ECMA-262 knows");
}

TEST(EcmaRegex, CatastrophicPatternsAnswer) {
  const std::string many(40, 'a');
  EXPECT_EQ(Search("^(a+)+$", many + "b"), "no");
  EXPECT_EQ(Search("^(a|aa)+(?=c)$|^(a*)*b$", many + "b"), "yes");
  EXPECT_EQ(Search("(x+x+)+y", std::string(500, 'x')), "no");
  EXPECT_EQ(Search(R"(^(https?:\/\/)?([\da-z\.-]+)\.([a-z\.]{2,6})([\/\w \.-]*)*\/?$)",
                   "https://www.example.com/learn-more/about the form fields of this page!"),
            "no");
}

TEST(EcmaRegex, EffortIsBounded) {
  EXPECT_EQ(Search(R"(^((a+)\2?)+$)", std::string(60, 'a') + "b"),
            "got a regular expression that takes too long on a text of 61 bytes");
  EXPECT_EQ(Search("^(a+)+$", std::string(20'000, 'a') + "b"),
            "got a regular expression that takes too long on a text of 20001 bytes");
  EXPECT_EQ(Search("b$", std::string(1 << 20, 'a')), "no");
  EXPECT_FALSE(Compiles(std::string(70'000, 'a')));
  EXPECT_FALSE(Compiles(std::string(1'000, '(') + std::string(1'000, ')')));
  EXPECT_FALSE(Compiles("(((a{60000}){60000}){60000})"));
}

}  // namespace
}  // namespace atelier
