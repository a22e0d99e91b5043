#include "engine/grammar/named_tokens.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/token_bits.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

// 0 "a", 1 "b", 2 "<x>" as text, 3 no text, 4 "<think>", 5 "</think>", 6 "<|end|>", 7 "a<"
std::shared_ptr<const GrammarVocabulary> Vocabulary() {
  return std::make_shared<const GrammarVocabulary>(std::vector<std::string>{
      "a", "b", "<x>", "", ControlText("<think>"), ControlText("</think>"), ControlText("<|end|>"), "a<"});
}

// A grammar that is no Lark is the format of a structural tag.
Result<std::shared_ptr<const Grammar>> Compiled(std::string text) {
  GrammarSpec spec;
  if (text.starts_with('{')) {
    spec.kind = GrammarSpec::Kind::kStructuralTag;
    TRY(spec.schema, Json::Parse(R"({"type": "structural_tag", "format": )" + text + "}"));
    return CompileGrammar(spec, Vocabulary());
  }
  spec.kind = GrammarSpec::Kind::kGrammar;
  spec.text = std::move(text);
  return CompileGrammar(spec, Vocabulary());
}

std::string Fault(std::string text) {
  const auto grammar = Compiled(std::move(text));
  return grammar.ok() ? "" : grammar.error().Message();
}

// The tokens that may come once `tokens` have.
std::vector<int32_t> After(const std::string& grammar, const std::vector<int32_t>& tokens) {
  const auto constraint = Compiled(grammar).value()->Start();
  for (const int32_t token : tokens) EXPECT_TRUE(constraint->Accept(token)) << token;
  std::vector<uint64_t> bits(1);
  constraint->Mask(bits);
  std::vector<int32_t> allowed;
  for (int32_t token = 0; token < 8; ++token) {
    if ((bits[0] >> token & 1) != 0) allowed.push_back(token);
  }
  return allowed;
}

using Ids = std::vector<int32_t>;

TEST(NamedTokens, AreThemselvesAndNotTheirSpelling) {
  const std::string thinking = "start: <think> /[ab]*/ </think> \"a\" <|end|>";
  EXPECT_EQ(After(thinking, {}), Ids({4}));
  EXPECT_EQ(After(thinking, {4}), Ids({0, 1, 5}));
  EXPECT_EQ(After(thinking, {4, 1, 5}), Ids({0}));
  EXPECT_EQ(After(thinking, {4, 5, 0}), Ids({6}));
  EXPECT_EQ(After(thinking, {4, 5, 0, 6}), Ids());
  EXPECT_EQ(After("start: \"<think>\" | \"a<\" <[6]>", {}), Ids({0, 7}));
}

TEST(NamedTokens, ByIdsAndRanges) {
  EXPECT_EQ(After("start: <[4]> <[5-6]> \"b\"", {}), Ids({4}));
  EXPECT_EQ(After("start: <[4]> <[5-6]> \"b\"", {4}), Ids({5, 6}));
  EXPECT_EQ(After("start: <[6,3-4]>", {}), Ids({4, 6}));
  EXPECT_EQ(After("start: <[^0-2,5,7]>", {}), Ids({4, 6}));
}

TEST(NamedTokens, NoTextThatIsExcludedLetsOneIn) {
  EXPECT_EQ(After("start: A <think>\nA: ~/a/", {}), Ids({0, 1, 2, 4, 7}));
  EXPECT_EQ(After("start: /(.|\\n)*/", {}), Ids({0, 1, 2, 7}));
}

TEST(NamedTokens, WhatIsNoControlTokenIsRefusedByName) {
  EXPECT_EQ(
      Fault("start: <[0-6]>"),
      "line 1, column 8: got <[0-6]> with the token 0, which is text, want control tokens alone, or the text \"a\"");
  EXPECT_EQ(
      Fault("start: \"b\" <x>"),
      "line 1, column 12: got <x> with the token 2, which is text, want control tokens alone, or the text \"<x>\"");
  EXPECT_TRUE(Fault("start: <[*]>").contains("which is text"));
  EXPECT_EQ(Fault("start: <|none|>"), "line 1, column 8: got the token <|none|>, which the vocabulary does not have");
  EXPECT_EQ(Fault("start: <[3]>"), "line 1, column 8: got <[3]>, which is no token that an output may have");
  EXPECT_TRUE(Fault("start: <[4-8]>").contains("want ids below 8"));
  for (const char* wrong : {"<[6-4]>", "<[x]>", "<[1-2-3]>", "<[4,]>", "<[^*]>", "<[-4]>", "<[99999999999999]>"}) {
    EXPECT_NE(Fault(std::string("start: ") + wrong), "") << wrong;
  }
  EXPECT_TRUE(Fault("start: A\nA: <think>").contains("within a terminal"));
  EXPECT_TRUE(Fault("start: <thi nk>").contains("want the name of a token"));
  EXPECT_TRUE(Fault("start: <>").contains("want the name of a token"));
}

TEST(NamedTokens, InTagsTextThatSpellsAControlTokenIsThatToken) {
  const std::string tag = R"({"type": "tag", "begin": "<think>", "content": {"type": "any_text"}, "end": "b</think>"})";
  EXPECT_EQ(After(tag, {}), Ids({4}));
  EXPECT_EQ(After(tag, {4}), Ids({0, 1, 2, 7}));
  EXPECT_EQ(After(tag, {4, 0}), Ids({0, 1, 2, 7}));
  EXPECT_EQ(After(tag, {4, 0, 1}), Ids({0, 1, 2, 5, 7}));
  EXPECT_EQ(After(R"({"type": "const_string", "value": "a<thin"})", {}), Ids({0, 7}));
}

TEST(NamedTokens, InTagsByIdOrSpelling) {
  EXPECT_EQ(After(R"({"type": "token", "token": 5})", {}), Ids({5}));
  EXPECT_EQ(After(R"({"type": "token", "token": "<think>"})", {}), Ids({4}));
  EXPECT_EQ(After(R"({"type": "token", "token": "<x>"})", {}), Ids({2}));
  const std::string tag = R"({"type": "tag", "begin": {"type": "token", "token": "<think>"},
    "content": {"type": "any_tokens", "exclude_tokens": [0, "<|end|>"]}, "end": {"type": "token", "token": 5}})";
  EXPECT_EQ(After(tag, {}), Ids({4}));
  EXPECT_EQ(After(tag, {4}), Ids({1, 2, 5}));
}

TEST(NamedTokens, InTagsTokensTrigger) {
  const std::string tags = R"("tags": [{"begin": {"type": "token", "token": 4},
    "content": {"type": "const_string", "value": "b"}, "end": {"type": "token", "token": 5}}])";
  const std::string triggered = R"({"type": "token_triggered_tags", "trigger_tokens": [4], )" + tags;
  EXPECT_EQ(After(triggered + "}", {0}), Ids({0, 1, 2, 4, 7}));
  EXPECT_EQ(After(triggered + "}", {0, 4}), Ids({1}));
  EXPECT_EQ(After(triggered + "}", {0, 4, 1, 5}), Ids({0, 1, 2, 4, 7}));
  EXPECT_EQ(After(triggered + R"(, "exclude_tokens": ["b"], "at_least_one": true})", {}), Ids({4}));
  const std::string dispatch = R"({"type": "token_dispatch", "exclude_tokens": [0, 7],
    "rules": [["<think>", {"type": "const_string", "value": "a"}]]})";
  EXPECT_EQ(After(dispatch, {1}), Ids({1, 2, 4}));
  EXPECT_EQ(After(dispatch, {1, 4}), Ids({0, 7}));  // "<" is free text
}

TEST(NamedTokens, InTagsWhatIsNoTokenIsRefused) {
  EXPECT_EQ(Fault(R"({"type": "token", "token": 3})"),
            "format.token: got the token 3, which no output of this vocabulary has");
  EXPECT_EQ(Fault(R"({"type": "token", "token": "none"})"),
            "format.token: got the token \"none\", which no output of this vocabulary has");
  EXPECT_EQ(Fault(R"({"type": "token"})"), "format.token: got no token, want its id or its text");
  EXPECT_EQ(Fault(R"({"type": "any_tokens", "exclude_tokens": [9]})"),
            "format.exclude_tokens[0]: got the token 9, which no output of this vocabulary has");
  EXPECT_EQ(Fault(R"({"type": "exclude_token", "exclude_tokens": [1]})"),
            "format.type: got exclude_token, which counts tokens, want any_tokens or any_text");
}

}  // namespace
}  // namespace atelier
