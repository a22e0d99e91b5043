#include <gtest/gtest.h>

#include <string>

#include "engine/grammar/cfg_testing.h"
#include "engine/grammar/gbnf.h"

namespace atelier {
namespace {

TestGrammar Gbnf(std::string_view text) { return TestGrammar::Of(ReadGbnf, text); }

size_t NumNetworks(std::string_view text) { return Gbnf(text).machine().networks().networks.size(); }

TEST(Cfg, RulesThatNeedNoStackBecomeOneTerminal) {
  TestGrammar grammar = Gbnf("root ::= list\nlist ::= item (\", \" item)*\nitem ::= [a-z]+ | \"(\" [0-9]{2,3} \")\"");
  EXPECT_EQ(grammar.machine().networks().networks.size(), 1U);
  EXPECT_EQ(grammar.NumThreads("ab, (12"), 1U);
  EXPECT_TRUE(grammar.Accepts("ab, (12), c"));
  EXPECT_FALSE(grammar.Accepts("ab, (1), c"));
  EXPECT_FALSE(grammar.Begins("ab, (1)"));
}

TEST(Cfg, LeftAndRightRecursionBecomesRepetition) {
  for (const char* text : {"root ::= root \"a\" | \"b\"", "root ::= \"b\" root2\nroot2 ::= \"a\" root2 | \"\"",
                           "root ::= \"b\" | x \"a\"\nx ::= root"}) {
    TestGrammar grammar = Gbnf(text);
    EXPECT_TRUE(grammar.Accepts("baaa")) << text;
    EXPECT_TRUE(grammar.Accepts("b")) << text;
    EXPECT_FALSE(grammar.Begins("a")) << text;
    EXPECT_FALSE(grammar.Begins("bab")) << text;
  }
  EXPECT_EQ(NumNetworks("root ::= root \"a\" | \"b\""), 1U);
}

TEST(Cfg, AmbiguousOperatorsBecomeAList) {
  TestGrammar grammar = Gbnf("root ::= e\ne ::= e \"+\" e | e \"*\" e | \"-\" e | e \"!\" | [0-9] | \"(\" e \")\"");
  const std::string deep = "-(1+2!)*3+((4))!!+-5";
  EXPECT_TRUE(grammar.Accepts(deep));
  EXPECT_FALSE(grammar.Accepts(deep + "+"));
  EXPECT_FALSE(grammar.Begins("1-"));
  std::string many = "1";
  for (int i = 0; i < 500; ++i) many += "+1";
  EXPECT_TRUE(grammar.Accepts(many));
  EXPECT_LE(grammar.NumThreads(many), 4U);
}

TEST(Cfg, HiddenLeftRecursionIsAFrameThatLeadsToItself) {
  TestGrammar grammar = Gbnf(
      "root ::= a\na ::= b \"x\" | \"(\" a \")\"\nb ::= opt a \"y\" | \"z\" | \"[\" b b \"]\"\nopt ::= \"o\" | \"\"");
  EXPECT_TRUE(grammar.Accepts("zx"));
  EXPECT_TRUE(grammar.Accepts("zxyx"));
  EXPECT_TRUE(grammar.Accepts("ozxyx"));
  EXPECT_TRUE(grammar.Accepts("o(zx)yx"));
  EXPECT_TRUE(grammar.Accepts("[zo[zz]xy]xyx"));
  EXPECT_FALSE(grammar.Begins("zxx"));
  EXPECT_FALSE(grammar.Accepts("zxy"));
}

TEST(Cfg, AmbiguityStaysPolynomial) {
  // Catalan many derivations; the brackets keep it from becoming a terminal.
  TestGrammar grammar = Gbnf("root ::= s\ns ::= t s s | \"a\" | \"(\" s \")\"\nt ::= s | \"\"");
  std::string text(60, 'a');
  EXPECT_TRUE(grammar.Accepts(text + "(a)" + text));
  EXPECT_FALSE(grammar.Begins(text + ")"));
  EXPECT_LT(grammar.NumThreads(text), 1000U);
}

TEST(Cfg, RightRecursionNeedsNoDepth) {
  TestGrammar grammar = Gbnf("root ::= s\ns ::= \"(\" s \")\" | \"a\" t\nt ::= \"b\" s | \"c\" s | \".\"");
  std::string text;
  for (int i = 0; i < 3000; ++i) text += i % 2 == 0 ? "ab" : "ac";
  EXPECT_TRUE(grammar.Accepts(text + "a."));
  EXPECT_TRUE(grammar.Accepts("((" + text + "(a.)))"));
  EXPECT_FALSE(grammar.Accepts("((" + text + "(a.))"));
}

TEST(Cfg, DeepNestingIsKept) {
  TestGrammar grammar = Gbnf("root ::= \"(\" root \")\" | \"\"");
  const std::string open(20000, '('), close(20000, ')');
  EXPECT_TRUE(grammar.Accepts(open + close));
  EXPECT_FALSE(grammar.Accepts(open + close + ")"));
  EXPECT_FALSE(grammar.Accepts("(" + open + close));
}

TEST(Cfg, RulesThatDeriveNothingAreNeverEntered) {
  TestGrammar grammar = Gbnf("root ::= \"a\" | \"b\" loop | \"c\" loop?\nloop ::= \"x\" loop | loop loop");
  EXPECT_TRUE(grammar.Accepts("a"));
  EXPECT_TRUE(grammar.Accepts("c"));
  EXPECT_FALSE(grammar.Begins("b"));
  EXPECT_FALSE(grammar.Begins("cx"));
  EXPECT_EQ(TestGrammar::Fault(ReadGbnf, "root ::= \"x\" root"),
            "grammar: got one that no text matches, want one that some text can");
}

TEST(Cfg, RepetitionOfARecursiveRuleIsCounted) {
  TestGrammar grammar = Gbnf("root ::= p{2,4} \".\" p{0,3} (\"!\" p){3}\np ::= \"(\" p? \")\"");
  EXPECT_TRUE(grammar.Accepts("()(()).!()!()!(())"));
  EXPECT_TRUE(grammar.Accepts("()()()().()()()!()!()!()"));
  EXPECT_FALSE(grammar.Begins("()."));
  EXPECT_FALSE(grammar.Begins("()()()()("));
  EXPECT_FALSE(grammar.Begins("()().()()()("));
  EXPECT_FALSE(grammar.Accepts("()().!()!()"));
}

TEST(Cfg, BudgetsRefuseByName) {
  const std::string rule = "\np ::= \"(\" p? \")\"";
  EXPECT_EQ(
      TestGrammar::Fault(ReadGbnf, "root ::= p{1000000000}" + rule),
      "grammar: got one that needs over 200000 states for repetition of rules that are recursive, want a smaller one");
  EXPECT_EQ(
      TestGrammar::Fault(ReadGbnf, "root ::= ((p{1000}){1000}){1000}" + rule),
      "grammar: got one that needs over 200000 states for repetition of rules that are recursive, want a smaller one");
  TestGrammar counted = Gbnf("root ::= (([a-z]{1000}){1000}){1000} \"!\"");  // terminals have counters
  EXPECT_TRUE(counted.Begins("abc"));
  EXPECT_FALSE(counted.Begins("a!"));
}

}  // namespace
}  // namespace atelier
