#include "engine/grammar/gbnf.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/text/json.h"
#include "base/tree_testing.h"
#include "engine/grammar/cfg_constraint.h"
#include "engine/grammar/cfg_testing.h"

namespace atelier {
namespace {

TestGrammar Gbnf(std::string_view text) { return TestGrammar::Of(ReadGbnf, text); }
std::string Fault(std::string_view text) { return TestGrammar::Fault(ReadGbnf, text); }

TEST(Gbnf, CharactersClassesAndEscapes) {
  TestGrammar grammar = Gbnf(R"(root ::= "\x41\u00e9\U0001F600\"\\" [^\x00-\x1F"\\-] [a-c\]-] . [ぁ-ゟ] [\n-])");
  EXPECT_TRUE(grammar.Accepts("Aé😀\"\\é]😀あ\n"));
  EXPECT_TRUE(grammar.Accepts("Aé😀\"\\x-\nゟ-"));
  EXPECT_FALSE(grammar.Begins("Aé😀\"\\\n"));
  EXPECT_FALSE(grammar.Begins("Aé😀\"\\-"));
  EXPECT_FALSE(grammar.Begins("Aé😀\"\\xd"));
  EXPECT_FALSE(grammar.Begins("Aé😀\"\\xa\xff"));
}

TEST(Gbnf, RepetitionIsOfTheLastPart) {
  TestGrammar grammar = Gbnf("root ::= \"ab\"{2} [x]{1,} \"y\"{0,2} (\"z\" | \"w\"){,1} \"!\"?");
  EXPECT_TRUE(grammar.Accepts("ababxxxyyz!"));
  EXPECT_TRUE(grammar.Accepts("ababx"));
  EXPECT_FALSE(grammar.Begins("abx"));
  EXPECT_FALSE(grammar.Begins("ababxyyy"));
  EXPECT_FALSE(grammar.Begins("ababxzw"));
}

TEST(Gbnf, LinesAndComments) {
  TestGrammar grammar = Gbnf(
      "# first\nroot ::= (  # open\n  \"a\"\n  b  # more\n)+ |\n  c\nb ::= \"b\"\r\n\r\nc ::= \"c\" # last\n  | "
      "\"d\"\n");
  EXPECT_TRUE(grammar.Accepts("abab"));
  EXPECT_TRUE(grammar.Accepts("c"));
  EXPECT_TRUE(grammar.Accepts("d"));
  EXPECT_FALSE(grammar.Begins("abc"));
}

TEST(Gbnf, EmptyAlternatives) {
  TestGrammar grammar = Gbnf("root ::= space \"x\"\nspace ::= | \" \" | \"\\n\" [ \\t]{0,20}");
  EXPECT_TRUE(grammar.Accepts("x"));
  EXPECT_TRUE(grammar.Accepts("\n\t\tx"));
  EXPECT_FALSE(grammar.Begins("  "));
}

TEST(Gbnf, FaultsNameLineAndColumn) {
  EXPECT_EQ(Fault("a ::= \"x\""), "grammar: got no rule root, want one: root ::= …");
  EXPECT_EQ(Fault("root ::= a\n  | b c"), "line 1, column 10: got the name \"a\" that has no rule, want a ::= …");
  EXPECT_EQ(Fault("root ::= \"a\nb"),
            "line 2, column 2: got the end of the grammar, want '\"' for the one of line 1, column 10");
  EXPECT_EQ(Fault("root ::= é"),
            "line 1, column 10: got 'é', want \"text\", [characters], the name of a rule, '(' or '.'");
  EXPECT_EQ(Fault("root ::= ( \"a\""),
            "line 1, column 15: got the end of the grammar, want ')' for the '(' of line 1, column 10");
  EXPECT_EQ(Fault("root ::= * \"a\""), "line 1, column 10: got '*', want something to repeat before it");
  EXPECT_EQ(Fault("root ::= \"a\"{3,2}"), "line 1, column 13: got {3,2}, want a maximum that is not below the minimum");
  EXPECT_EQ(Fault("root ::= \"\\q\""),
            "line 1, column 11: got an unknown escape, want one of \\n \\r \\t \\xXX \\uXXXX \\UXXXXXXXX");
  EXPECT_EQ(Fault("root ::= [z-a]"), "line 1, column 11: got a range that ends before it begins");
  EXPECT_EQ(Fault("root ::= \"a\"\nroot ::= \"b\""), "line 2, column 1: got a second rule root, want one");
  EXPECT_EQ(Fault("root ::= <think>"),
            "line 1, column 10: got a token, want text: a grammar here does not name tokens");
  EXPECT_EQ(Fault("root ::= \"\\ud800\""), "line 1, column 13: got d800, want a Unicode character");
  EXPECT_EQ(Fault("root ::= \"a\xff\""), "line 1, column 12: got bytes that are not UTF-8, want UTF-8");
  EXPECT_EQ(Fault("root \"a\""), "line 1, column 6: got '\"', want ::=");
  EXPECT_EQ(Fault("root ::= " + std::string(200, '(')), "line 1, column 111: got groups nested deeper than 100");
  EXPECT_EQ(Fault("root ::= \"a\"{9999999999}"),
            "line 1, column 14: got 9999999999, want a count of at most 1000000000");
}

// tools/golden_gbnf.py had llama.cpp's own reader say so.
TEST(Gbnf, TextsAreWhatLlamaCppSaysTheyAre) {
  std::ifstream file(SourcePath("/tests/golden/engine_grammar/gbnf.jsonl"));
  ASSERT_TRUE(file.good());
  int num_grammars = 0, num_texts = 0;
  for (std::string line; std::getline(file, line); ++num_grammars) {
    const Result<Json> row = Json::Parse(line);
    ASSERT_TRUE(row.ok());
    const std::string& text = (*row)["g"].AsString();
    if ((*row)["bad"].is_bool()) {
      EXPECT_FALSE(Fault(text).empty()) << text;
      continue;
    }
    ASSERT_EQ(Fault(text), "") << text;
    TestGrammar grammar = Gbnf(text);
    for (const std::string_view kind : {"y", "b", "n"}) {
      for (const Json& tried : (*row)[kind].items()) {
        EXPECT_EQ(grammar.Accepts(tried.AsString()), kind == "y") << text << "\n" << tried.Dump();
        EXPECT_EQ(grammar.Begins(tried.AsString()), kind != "n") << text << "\n" << tried.Dump();
        ++num_texts;
      }
    }
  }
  EXPECT_GT(num_grammars, 60);
  EXPECT_GT(num_texts, 3000);
}

TEST(Gbnf, IsToldFromLarkByItsMark) {
  EXPECT_TRUE(IsGbnf("# start: x\nroot ::= \"a\""));
  EXPECT_FALSE(IsGbnf("start: \"a\"  // root ::= x\n"));
  EXPECT_FALSE(IsGbnf("start: A # ::=\nA: \"a\""));
}

}  // namespace
}  // namespace atelier
