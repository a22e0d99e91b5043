#include "engine/grammar/lark.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/tree_testing.h"
#include "engine/grammar/cfg_testing.h"

namespace atelier {
namespace {

Result<int32_t> Read(std::string_view text, Cfg& cfg) { return ReadLark(text, {}, cfg); }
TestGrammar Lark(std::string_view text) { return TestGrammar::Of(Read, text); }
std::string Fault(std::string_view text) { return TestGrammar::Fault(Read, text); }

TEST(Lark, RulesTerminalsAndIgnored) {
  TestGrammar grammar = Lark(R"g(
    // sums
    ?start: sum ";"
    ?sum: product | sum "+" product -> add | sum "-" product -> sub
    ?product: atom | product "*" atom  # left-recursive
    ?atom: NUMBER | "-" atom | NAME | "(" sum ")"
    NAME: /[a-z]+/
    %import common.NUMBER
    %import common.WS_INLINE -> BLANK
    %ignore BLANK
  )g");
  EXPECT_TRUE(grammar.Accepts("1+2 * (x  - -3.5e7);"));
  EXPECT_TRUE(grammar.Accepts("1;  "));
  EXPECT_FALSE(grammar.Begins(" 1"));
  EXPECT_FALSE(grammar.Accepts("1+2"));
  EXPECT_FALSE(grammar.Begins("1+;"));
  EXPECT_FALSE(grammar.Begins("1\n"));
}

TEST(Lark, TerminalsHaveNothingIgnoredWithin) {
  TestGrammar grammar = Lark("start: PAIR pair\nPAIR: \"a\" \"b\"\npair: \"a\" \"b\"\n%ignore / +/");
  EXPECT_TRUE(grammar.Accepts("ab a  b "));
  EXPECT_FALSE(grammar.Begins("a b"));
}

TEST(Lark, RepetitionGroupsRangesAndFlags) {
  TestGrammar grammar = Lark(R"g(start: "x"~2 "y"~1..3 z{,2} [ "-" ] ("a".."c" | "select"i)+ /[^\W\d]x?/i
z: "z")g");
  EXPECT_TRUE(grammar.Accepts("xxyab_"));
  EXPECT_TRUE(grammar.Accepts("xxyyyzz-SeLectcqX"));
  EXPECT_FALSE(grammar.Begins("xy"));
  EXPECT_FALSE(grammar.Begins("xxyyyy"));
  EXPECT_FALSE(grammar.Begins("xxyzzz"));
  EXPECT_FALSE(grammar.Accepts("xxya1"));
}

TEST(Lark, BothAndNot) {
  TestGrammar grammar = Lark(R"g(start: LINES
LINES: /[a-z \n]*/ & ~/(?s:.*)\n\n(?s:.*)/)g");
  EXPECT_TRUE(grammar.Accepts("ab\nc\n"));
  EXPECT_FALSE(grammar.Begins("ab\n\n"));
  EXPECT_FALSE(grammar.Begins("A"));
}

TEST(Lark, LazyTerminalsEndAtOnce) {
  TestGrammar grammar = Lark(R"g(start: head /[0-9]+/ "</f>" tail
head[lazy]: TEXT "<f>"
tail[suffix="."]: /[a-z]*/
TEXT: /(.|\n)*/)g");
  EXPECT_TRUE(grammar.Accepts("hi <f>12</f>ab."));
  EXPECT_FALSE(grammar.Begins("hi <f>x"));
  EXPECT_FALSE(grammar.Begins("<f>12</f>ab.."));
}

TEST(Lark, ExpressionsAreThoseOfPythonAndRust) {
  TestGrammar grammar = Lark(R"g(start: /(?P<n>\d{2})(?i:k)\//  /a.c/s "\x41\u00e9" /[]x-]/ /a{,2}b{/ /(?x) c d # e
/ /[\w\-]+?/)g");
  EXPECT_TRUE(grammar.Accepts("١2K/a\ncAé]aab{cdé-"));
  EXPECT_TRUE(grammar.Accepts("12\u212A/a\ncAé-b{cd_"));
  EXPECT_FALSE(grammar.Begins("12j"));
  EXPECT_FALSE(grammar.Begins("12k/a\ncAé]aaa"));
}

TEST(Lark, UnicodeCharactersCountOnce) {
  TestGrammar grammar = Lark("start: /.../ \"abc\" /.../");
  EXPECT_TRUE(grammar.Accepts("abcabcabc"));
  EXPECT_TRUE(grammar.Accepts("🔵🟠✅abc❌🟠🔵"));
  EXPECT_FALSE(grammar.Begins("aaabcccc"));
  EXPECT_FALSE(grammar.Accepts("aaaabccc"));
}

TEST(Lark, JsonDocumentsStandInRules) {
  TestGrammar grammar = Lark(R"g(start: TEXT | call+
TEXT: /[^{](.|\n)*/
call: "<call>" %json {"type": "object", "properties": {"city": {"enum": ["Oslo", "}"]}}, "required": ["city"],
  "additionalProperties": false} "</call>")g");
  EXPECT_TRUE(grammar.Accepts("hello"));
  EXPECT_TRUE(grammar.Accepts("<call>{\"city\": \"Oslo\"}</call><call>{\"city\":\"}\"}</call>"));
}

TEST(Lark, RunsOfChunks) {
  TestGrammar chunks = Lark(R"g(start: "<" CHUNKS ">"
CHUNKS: %regex {"substring_chunks": ["abc", "de", "fg", "de"]})g");
  for (const char* text : {"<>", "<abc>", "<de>", "<abcde>", "<defgde>", "<abcdefgde>"})
    EXPECT_TRUE(chunks.Accepts(text));
  for (const char* text : {"<ab>", "<cde>", "<abcfg>", "<dede>"}) EXPECT_FALSE(chunks.Accepts(text)) << text;
  TestGrammar words = Lark(R"g(start: %regex {"substring_words": "foo b\u00e9_r.  b\u00e9z"} "!")g");
  for (const char* text : {"!", "foo!", " b\u00e9_r.!", ".  b\u00e9z!"}) EXPECT_TRUE(words.Accepts(text)) << text;
  for (const char* text : {"fo!", "r.!", ". !", " b\u00e9z!"}) EXPECT_FALSE(words.Accepts(text)) << text;
  TestGrammar chars = Lark(R"g(start: "x" %regex {"substring_chars": "ab \u00e9"})g");
  for (const char* text : {"x", "xb \u00e9", "x\u00e9"}) EXPECT_TRUE(chars.Accepts(text)) << text;
  for (const char* text : {"xa ", "xba", "x\xa9"}) EXPECT_FALSE(chars.Begins(text)) << text;
}

TEST(Lark, ALongTextsRunsAreReadInBoundedTime) {
  std::string text;
  for (int i = 0; i < 15'000; ++i) text += static_cast<char>('a' + i * i % 23 % 7);
  TestGrammar grammar = Lark("start: %regex {\"substring_chars\": \"" + text + "\"}");
  EXPECT_TRUE(grammar.Accepts(text.substr(5000, 300)));
  EXPECT_FALSE(grammar.Begins(text.substr(5000, 300) + "z"));
}

TEST(Lark, WhatIsIgnoredOnceMayBeBounded) {
  TestGrammar grammar = Lark("%llguidance {\"ignore_once\": true}\n%ignore / {1,3}/\nstart: \"A\" \"!\"");
  EXPECT_TRUE(grammar.Accepts("A   !"));
  EXPECT_FALSE(grammar.Begins("A    "));
}

// tools/golden_lark.py asked Lark, with the lexer dynamic_complete.
TEST(Lark, AgreesWithLarkOnRandomTexts) {
  std::ifstream file(SourcePath("/tests/golden/engine_grammar/lark.jsonl"));
  int num_texts = 0;
  for (std::string line; std::getline(file, line);) {
    const auto golden = Json::Parse(line);
    ASSERT_TRUE(golden.ok());
    TestGrammar grammar = Lark((*golden)["g"].AsString());
    for (const char* key : {"y", "n"}) {
      for (const Json& text : (*golden)[key].items()) {
        EXPECT_EQ(grammar.Accepts(text.AsString()), key[0] == 'y') << (*golden)["g"].AsString() << text.AsString();
        ++num_texts;
      }
    }
  }
  EXPECT_GT(num_texts, 400);
}

// tools/golden_llguidance.py had llguidance say so. What it matches is matched here; where longest terminals change
// nothing, nothing else is.
TEST(Lark, TextsThatLlguidanceMatchesAreMatched) {
  std::ifstream file(SourcePath("/tests/golden/engine_grammar/llguidance.jsonl"));
  ASSERT_TRUE(file.good());
  int num_matched = 0;
  for (std::string line; std::getline(file, line);) {
    const Result<Json> row = Json::Parse(line);
    ASSERT_TRUE(row.ok());
    const std::string& text = (*row)["g"].AsString();
    TestGrammar grammar = Lark(text);
    for (const Json& tried : (*row)["y"].items()) {
      EXPECT_TRUE(grammar.Accepts(tried.AsString())) << text << "\n" << tried.Dump();
      ++num_matched;
    }
    if (!(*row)["same"].AsBool()) continue;
    for (const Json& tried : (*row)["n"].items()) {
      EXPECT_FALSE(grammar.Accepts(tried.AsString())) << text << "\n" << tried.Dump();
    }
  }
  EXPECT_GT(num_matched, 150);
}

// A terminal that is made as long as possible leaves nothing for what follows: llguidance then goes on to no end.
TEST(Lark, TerminalsAreCutWhereTheRestNeedsIt) {
  TestGrammar grammar = Lark("start: A B\nA: /a+/\nB: /ab/\n");
  EXPECT_TRUE(grammar.Accepts("aab"));
  EXPECT_TRUE(grammar.Accepts("aaaab"));
  EXPECT_FALSE(grammar.Begins("ab"));
}

TEST(Lark, FaultsNameLineAndColumn) {
  EXPECT_EQ(Fault("root: \"a\""), "grammar: got no rule start, want one: start: …");
  EXPECT_EQ(Fault("start: a\n  b: \"x\""), "line 1, column 8: got the name a that is not defined, want a: …");
  EXPECT_EQ(Fault("start: A\nA: \"a\" | B\nB: \"b\" A"),
            "line 3, column 8: got the terminal A within itself, want a rule (a name in small letters)");
  EXPECT_EQ(Fault("start: \"a\"{7,6}"), "line 1, column 11: got a maximum below the minimum, want one that is not");
  EXPECT_EQ(Fault("start: (\"a\" \"b\""),
            "line 1, column 16: got the end of the grammar, want ')' for the '(' of line 1, column 8");
  EXPECT_EQ(Fault("start: \"a"),
            "line 1, column 10: got the end of the grammar, want '\"' for the one of line 1, column 8");
  EXPECT_EQ(Fault("start: <|end|>"), "line 1, column 8: got the token <|end|>, want text alone");
  EXPECT_EQ(Fault("start: A\nA: b\nb: \"x\""),
            "line 2, column 4: got the rule b within a terminal, want terminals (names in capitals)");
  EXPECT_EQ(Fault("start: \"a\"\nstart: \"b\""), "line 2, column 1: got a second definition of start, want one");
  EXPECT_EQ(Fault("start: /a(?=b)/"),
            "line 1, column 8: character 4: got looking ahead or behind, want none: a terminal does not see what "
            "stands beside it");
  EXPECT_EQ(Fault("%import python.NAME\nstart: NAME"),
            "line 1, column 9: got an import from python, want one from common");
  EXPECT_EQ(Fault("%import common.BLAH\nstart: BLAH"), "line 1, column 9: got common.BLAH, which there is not");
  EXPECT_EQ(Fault("start: \"d\"..\"a\""), "line 1, column 8: got a wrong range, want one character up to a later one");
  EXPECT_EQ(Fault("start: x\nx[stop=\"a\"]: /b/"),
            "line 2, column 3: got the attribute stop, want lazy, suffix or capture");
  EXPECT_EQ(Fault("start: %json {\"type\": 5}").substr(0, 23), "line 1, column 8: %json");
}

}  // namespace
}  // namespace atelier
