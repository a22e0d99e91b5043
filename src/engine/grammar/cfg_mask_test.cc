// Masks of structural tags, token by token: a bit is set exactly when the token can be read.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

std::vector<std::string> Pieces() {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 0xF8; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  for (const char* text :
       {"<call", "<call>", "{\"",    "\": ", "\"}",       "\"}}",  "}</",     "}</call>", "]}</call", "\"]}</call>",
        "}}",    "\"x",    "3}<",    "12",   " hello",    "call>", "}{",      "\"},",     "\": [",    "]}",
        "\"]",   "name",   "\"s\":", "<",    "a</call>b", "\n",    "\\\"}</", "ab",       "aab",      "aaaaaaaaaaaa",
        "x+(",   "+",      "(((x",   "x)))", "))+x",      "bbbb",  "b)b"}) {
    pieces.emplace_back(text);
  }
  for (const char* token : {"<|channel|>", "<|message|>", "<|other|>"}) pieces.push_back(ControlText(token));
  return pieces;
}

Json Tag(std::string begin, const char* schema, std::string end) {
  Json content = Json::Object({{"type", "json_schema"}, {"json_schema", *Json::Parse(schema)}});
  return Json::Object(
      {{"type", "tag"}, {"begin", std::move(begin)}, {"content", std::move(content)}, {"end", std::move(end)}});
}

GrammarSpec Triggered(std::string trigger, Json tags) {
  Json format = Json::Object(
      {{"type", "triggered_tags"}, {"triggers", Json::Array({std::move(trigger)})}, {"tags", std::move(tags)}});
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kStructuralTag;
  spec.schema = Json::Object({{"type", "structural_tag"}, {"format", std::move(format)}});
  spec.style = JsonStyle::Served();
  return spec;
}

constexpr const char* kObject =
    R"({"type": "object", "properties": {"s": {"type": "string"}, "l": {"type": "array", "items": {"type": "string"}}},
        "required": ["s"], "additionalProperties": {"type": "integer"}})";

void ExpectExactMasks(const GrammarSpec& spec, std::string_view start, int num_outputs = 12) {
  const auto vocabulary = std::make_shared<const GrammarVocabulary>(Pieces());
  const auto grammar = CompileGrammar(spec, vocabulary);
  ASSERT_TRUE(grammar.ok()) << grammar.error().Message();
  const int32_t num_tokens = vocabulary->trie.num_tokens();
  std::vector<uint64_t> bits(static_cast<size_t>(num_tokens + 63) / 64);
  Random random(7);
  for (int output = 0; output < num_outputs; ++output) {
    const auto constraint = (*grammar)->Start();
    std::string text(start);
    ASSERT_TRUE(constraint->AcceptBytes(text));
    for (int step = 0; step < 30; ++step) {
      constraint->Mask(bits);
      std::vector<int32_t> allowed;
      for (int32_t token = 0; token < num_tokens; ++token) {
        const bool bit = ((bits[static_cast<size_t>(token) / 64] >> (token % 64)) & 1) != 0;
        const auto other = (*grammar)->Start();
        ASSERT_EQ(bit, other->AcceptBytes(text + std::string(vocabulary->trie.Piece(token))))
            << "after " << text << "\ntoken " << vocabulary->trie.Piece(token);
        if (bit) allowed.push_back(token);
      }
      if (allowed.empty()) break;
      const int32_t token = allowed[random.Below(allowed.size())];
      ASSERT_TRUE(constraint->Accept(token));
      text += vocabulary->trie.Piece(token);
    }
  }
}

TEST(CfgMask, TagsInTextAreExact) {
  ExpectExactMasks(Triggered("<call>", Json::Array({Tag("<call>", kObject, "</call>"), Tag("<call>[", kObject, "]")})),
                   "");
  ExpectExactMasks(Triggered("<call>", Json::Array({Tag("<call>", kObject, "</call>")})), "so <call>{\"s\":");
}

TEST(CfgMask, ValuesOfAnyKindAreExact) {
  ExpectExactMasks(Triggered("<call>", Json::Array({Tag("<call>", R"({"type": ["integer", "string"]})", "</call>")})),
                   "<call>");
  ExpectExactMasks(
      Triggered("<call>", Json::Array({Tag("<call>", R"({"type": "array", "items": {"type": "string"}})", "}")})),
      "<call>[");
}

GrammarSpec Gbnf(std::string text) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kGrammar;
  spec.text = std::move(text);
  return spec;
}

// Each output is asked for its masks by places that others have been at, in all depths.
TEST(CfgMask, NestedRulesAreExact) {
  ExpectExactMasks(Gbnf(R"(root ::= object
value ::= object | array | string | "12"
object ::= "{" (string ": " value (", " string ": " value)*)? "}"
array ::= "[" (value ("," value)*)? "]"
string ::= "\"" [a-z ]* "\"")"),
                   "");
  ExpectExactMasks(Gbnf(R"(root ::= s
s ::= "<" s "3" s | "{" s "}" | "\"" (s | t) "\"" | "a"
t ::= t "]" | "[" t | "12" s)"),
                   "<{");
  // What may follow depends on frames further out than masks are kept for.
  ExpectExactMasks(Gbnf(R"(root ::= s "1"
s ::= "a" s? "a" | "}" s? "}" | "]" s? "]")"),
                   "aa}]a}}a]aaaa");
}

// Tokens of several terminals, of which each may be the inner of the next or stand behind it.
TEST(CfgMask, TokensOfManyTerminalsAreExact) {
  ExpectExactMasks(Gbnf(R"G(root ::= sum
sum ::= term ("+" term)*
term ::= [a-z]+ | "(" sum ")" | term "[" sum "]" | "\"" [^"]* "\"")G"),
                   "(");
}

// A text of n letters can be read in 2^n ways, which are not taken one by one.
TEST(CfgMask, AmbiguousRulesAreExact) {
  const GrammarSpec spec = Gbnf(R"(root ::= s "x"
s ::= "a" s "b" | "a" s | s "b" | "a" t | "c"
t ::= s t "b" | "b" | s)");
  ExpectExactMasks(spec, "", 2);
}

TEST(CfgMask, AControlTokenIsNotItsSpelling) {
  const GrammarSpec spec =
      Triggered(ControlText("<|channel|>"),
                Json::Array({Tag(ControlText("<|channel|>") + "f" + ControlText("<|message|>"), kObject, "")}));
  ExpectExactMasks(spec, "");
  ExpectExactMasks(spec, "<|channel|>x" + ControlText("<|channel|>") + "f");
}

}  // namespace
}  // namespace atelier
