// From wherever an output of a grammar stands there is a way to its end.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr size_t kMaxWay = 1000;

std::shared_ptr<const Grammar> Compile(const GrammarSpec& spec) {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 0x80; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  for (const char* text : {"((", "[{", "\"a", "))", "<t>", "</t>", "aa", "a+", "+(", "\": "}) pieces.emplace_back(text);
  pieces.push_back(ControlText("<|end|>"));
  auto grammar = CompileGrammar(spec, std::make_shared<const GrammarVocabulary>(std::move(pieces)));
  CHECK_MSG(grammar.ok(), grammar.error().Message());
  return *grammar;
}
std::shared_ptr<const Grammar> Gbnf(std::string text) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kGrammar;
  spec.text = std::move(text);
  return Compile(spec);
}
std::shared_ptr<const Grammar> Tags(std::string_view format) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kStructuralTag;
  spec.schema = Json::Object({{"type", "structural_tag"}, {"format", *Json::Parse(format)}});
  return Compile(spec);
}

std::string WayFrom(const Grammar& grammar, std::string_view begun) {
  const auto constraint = grammar.Start();
  if (!constraint->AcceptBytes(begun)) return "cannot begin so";
  return constraint->Closing("", kMaxWay).value_or("none");
}

TEST(CfgClosing, IsTheShortestWay) {
  const auto sum = Gbnf("root ::= sum \";\"\nsum ::= term (\"+\" term)*\nterm ::= [0-9]+ | \"(\" sum \")\" | \"long\"");
  EXPECT_EQ(WayFrom(*sum, "((1+").size(), 4U);  // a digit and what closes
  EXPECT_EQ(WayFrom(*sum, "((1"), "));");
  EXPECT_EQ(WayFrom(*sum, "((lo"), "ng));");
  EXPECT_EQ(WayFrom(*sum, "1;"), "");
  const auto left = Gbnf("root ::= list\nlist ::= list \",\" item | item\nitem ::= \"[\" list \"]\" | \"a\" | \"\"");
  EXPECT_EQ(WayFrom(*left, "[[a,"), "]]");
  EXPECT_EQ(WayFrom(*left, ""), "");
  // The way out of the outer rule is the longer one.
  const auto two = Gbnf("root ::= x \"abc\" | y\nx ::= \"<\" x \">\" | \"i\"\ny ::= \"<\" y \"/>\" | \"i\"");
  EXPECT_EQ(WayFrom(*two, "<i"), "/>");
  EXPECT_EQ(WayFrom(*two, "<<i").size(), 4U);
  EXPECT_EQ(WayFrom(*two, "<i>"), "abc");
}

TEST(CfgClosing, LeadsThroughDocumentsAndTags) {
  const auto tag = Tags(R"({"type": "tag", "begin": "<t>", "content": {"type": "json_schema", "json_schema":
      {"type": "object", "properties": {"k": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
       "required": ["k"]}}, "end": "</t>"})");
  const std::string way = WayFrom(*tag, "<t>{");
  EXPECT_TRUE(way.starts_with("\"k\"")) << way;
  EXPECT_TRUE(way.ends_with("]}</t>")) << way;
  EXPECT_EQ(WayFrom(*tag, R"(<t>{"k": ["x)"), "\"]}</t>");
  EXPECT_EQ(WayFrom(*tag, R"(<t>{"k": ["x"]}</)"), "t>");
  EXPECT_EQ(WayFrom(*tag, ""), "<t>" + WayFrom(*tag, "<t>"));
}

TEST(CfgClosing, IsFoundFromAnywhere) {
  const std::vector<std::shared_ptr<const Grammar>> grammars = {
      Gbnf("root ::= s\ns ::= \"(\" s \")\" | s \"+\" s | \"[\" s \"}\" s \"]\" | \"a\"+"),
      Gbnf("root ::= v\nv ::= \"{\" (\"a\" \":\" v (\",\" \"a\" \":\" v)*)? \"}\" | \"[\" v* \"]\" | \"\\\"\" [^\"]* "
           "\"\\\"\""),
      Gbnf("root ::= p p\np ::= \"a\" p \"a\" | \"(\" p \")\" | \"\""),
      Tags(R"({"type": "triggered_tags", "triggers": ["<t>"], "tags": [{"type": "tag", "begin": "<t>",
          "content": {"type": "json_schema", "json_schema": {"type": "array", "items": {"type": ["object", "integer"]}}},
          "end": "</t>"}]})")};
  Random random(5);
  for (const auto& grammar : grammars) {
    for (int output = 0; output < 20; ++output) {
      const auto constraint = grammar->Start();
      std::vector<uint64_t> bits(3);
      std::string text;
      for (int step = 0; step < 40; ++step) {
        constraint->Mask(bits);
        std::vector<int32_t> allowed;
        for (int32_t token = 0; token < 139; ++token) {
          if ((bits[static_cast<size_t>(token) / 64] >> (token % 64) & 1) != 0) allowed.push_back(token);
        }
        if (allowed.empty()) break;
        const int32_t token = allowed[random.Below(allowed.size())];
        const auto way = constraint->Closing(constraint->Piece(token), kMaxWay);
        ASSERT_TRUE(constraint->Accept(token));
        text += constraint->Piece(token);
        ASSERT_TRUE(way.has_value()) << text;
        const auto other = grammar->Start();
        ASSERT_TRUE(other->AcceptBytes(text + *way)) << text << " then " << *way;
        ASSERT_TRUE(other->CanEnd()) << text << " then " << *way;
      }
    }
  }
}

// Exponentially long, or a stack of thousands: told or given up in bounded time.
TEST(CfgClosing, TakesWhatIsHuge) {
  std::string doubling = "root ::= r0 | \"x\" root \"y\"\n";
  for (int i = 0; i < 60; ++i) {
    const std::string next = "r" + std::to_string(i + 1);
    doubling += "r" + std::to_string(i) + " ::= \"(\" " + next + " " + next + " \")\"\n";
  }
  const auto huge = Gbnf(doubling + "r60 ::= \"a\" | \"(\" r0 \")\"");
  const auto constraint = huge->Start();
  EXPECT_FALSE(constraint->Closing("", kMaxWay).has_value());
  const auto deep = Gbnf("root ::= \"(\" root \")\" | \"a\"");
  const auto nested = deep->Start();
  ASSERT_TRUE(nested->AcceptBytes(std::string(5000, '(')));
  EXPECT_EQ(nested->Closing("", 10'000), "a" + std::string(5000, ')'));
}

}  // namespace
}  // namespace atelier
