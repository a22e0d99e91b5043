#include "engine/grammar/structural_tag.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/grammar/cfg_testing.h"

namespace atelier {
namespace {

Result<int32_t> Read(std::string_view text, Cfg& cfg) {
  TRY(const Json tag, Json::Parse(text));
  return ReadStructuralTag(tag, {}, cfg);
}
TestGrammar Tag(std::string_view text) { return TestGrammar::Of(Read, text); }
TestGrammar Format(const std::string& text) { return Tag("{\"type\": \"structural_tag\", \"format\": " + text + "}"); }
std::string Fault(const std::string& text) {
  return TestGrammar::Fault(Read, "{\"type\": \"structural_tag\", \"format\": " + text + "}");
}

constexpr std::string_view kTwoFunctions = R"([
  {"type": "tag", "begin": "<f=a>", "content": {"type": "json_schema", "json_schema": {"type": "object",
    "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": false}}, "end": "</f>"},
  {"type": "tag", "begin": "<f=b>", "content": {"type": "any_text"}, "end": ["</f>", "</g>"]}])";

TEST(StructuralTag, TextGoesOnUntilATrigger) {
  TestGrammar grammar =
      Format(R"({"type": "triggered_tags", "triggers": ["<f="], "tags": )" + std::string(kTwoFunctions) + "}");
  EXPECT_TRUE(grammar.Accepts(""));
  EXPECT_TRUE(grammar.Accepts("a < b <f"));
  EXPECT_TRUE(grammar.Accepts("call <f=a>{\"x\": 1}</f> and <f=b>any < text</g> end"));
  EXPECT_FALSE(grammar.Begins("call <f=c"));
  EXPECT_FALSE(grammar.Accepts("call <f="));
  EXPECT_FALSE(grammar.Begins("call <f=a>{\"y\""));
  EXPECT_FALSE(grammar.Accepts("<f=b>open"));
}

TEST(StructuralTag, MembersStandInAnyOrderWhereThatIsAskedFor) {
  const auto served = [](const std::string& more) {
    const auto read = [](std::string_view text, Cfg& cfg) -> Result<int32_t> {
      TRY(const Json tag, Json::Parse(text));
      return ReadStructuralTag(tag, JsonStyle::Served(), cfg);
    };
    return TestGrammar::Of(read, R"({"type": "structural_tag", "format": {"type": "json_schema", "json_schema": {
        "type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "required": ["a", "b"],
        "additionalProperties": false})" +
                                     more + "}}");
  };
  EXPECT_FALSE(served("").Accepts(R"({"b": null, "a": null})"));
  TestGrammar any = served(R"(, "any_order": true)");
  EXPECT_TRUE(any.Accepts(R"({"b": null, "a": null})"));
  EXPECT_FALSE(any.Accepts(R"({"a": null})"));
  EXPECT_FALSE(any.Begins(R"({"a": null, "a")"));
}

TEST(StructuralTag, AtLeastOneAndOnlyOne) {
  TestGrammar first = Format(R"({"type": "triggered_tags", "triggers": ["<f="], "at_least_one": true, "tags": )" +
                             std::string(kTwoFunctions) + "}");
  EXPECT_TRUE(first.Accepts("<f=b>x</f> more <f=b></g>"));
  EXPECT_FALSE(first.Begins("text"));
  TestGrammar once = Format(R"({"type": "triggered_tags", "triggers": ["<f="], "stop_after_first": true, "tags": )" +
                            std::string(kTwoFunctions) + "}");
  EXPECT_TRUE(once.Accepts("text <f=b>x</f>"));
  EXPECT_TRUE(once.Accepts("text"));
  EXPECT_FALSE(once.Begins("text <f=b>x</f> "));
}

TEST(StructuralTag, TheOlderForm) {
  TestGrammar grammar = Tag(R"({"triggers": ["<f="], "structures": [{"begin": "<f=a>", "end": "</f>",
    "schema": {"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": false}}]})");
  EXPECT_TRUE(grammar.Accepts("so <f=a>{\"x\": 12}</f><f=a>{}</f>."));
  EXPECT_FALSE(grammar.Begins("so <f=a>{\"z"));
}

TEST(StructuralTag, SequencesChoicesAndRepetition) {
  TestGrammar grammar = Format(R"({"type": "sequence", "elements": [
    {"type": "tag", "begin": "<think>", "content": {"type": "any_text"}, "end": "</think>"},
    {"type": "or", "elements": [{"type": "regex", "pattern": "[0-9]{2}"}, {"type": "const_string", "value": "none"}]},
    {"type": "repeat", "min": 1, "max": 2, "content": {"type": "const_string", "value": "!"}},
    {"type": "optional", "content": {"type": "grammar", "grammar": "root ::= \"(\" root \")\" | \"x\""}}]})");
  EXPECT_TRUE(grammar.Accepts("<think>hm</thin</think>42!"));
  EXPECT_TRUE(grammar.Accepts("<think></think>none!!((x))"));
  EXPECT_FALSE(grammar.Begins("<think></think>4!"));
  EXPECT_FALSE(grammar.Begins("<think></think>none!!!"));
}

TEST(StructuralTag, SeparatedTagsAndDispatch) {
  TestGrammar grammar =
      Format(R"({"type": "tags_with_separator", "separator": ",", "tags": )" + std::string(kTwoFunctions) + "}");
  EXPECT_TRUE(grammar.Accepts(""));
  EXPECT_TRUE(grammar.Accepts("<f=a>{\"x\":1}</f>,<f=b>t</f>"));
  EXPECT_FALSE(grammar.Begins("<f=b>t</f> "));
  TestGrammar dispatch = Format(
      R"({"type": "dispatch", "excludes": ["bad"], "rules": [["year ", {"type": "regex", "pattern": "[0-9]{4}"}]]})");
  EXPECT_TRUE(dispatch.Accepts("in the year 1999 and the year 2001."));
  EXPECT_FALSE(dispatch.Begins("in the year x"));
  EXPECT_FALSE(dispatch.Begins("a bad"));
}

TEST(StructuralTag, AnyTextStopsBeforeWhatFollows) {
  TestGrammar grammar = Format(R"({"type": "sequence", "elements": [{"type": "any_text", "max_chars": 5},
    {"type": "const_string", "value": "END"}]})");
  EXPECT_TRUE(grammar.Accepts("éEN😀END"));
  EXPECT_FALSE(grammar.Begins("abcdef"));
  EXPECT_FALSE(grammar.Begins("aENDEND"));
}

TEST(StructuralTag, FaultsNameThePlace) {
  for (const char* wrong : {R"("5")", "null", "-1", "1e99", "0.5", "[]"}) {
    const std::string count = wrong;
    EXPECT_TRUE(Fault(R"({"type": "repeat", "min": 0, "content": {"type": "any_text"}, "max": )" + count + "}") != "" ||
                count == "-1")
        << wrong;
  }
  EXPECT_EQ(Fault(R"({"type": "token", "token": 5})"), "format.token: got the token 5, want text alone");
  EXPECT_EQ(Fault(R"({"type": "tag", "begin": "<a>", "content": {"type": "any_text", "max_tokens": 9}, "end": "b"})"),
            "format.content.max_tokens: got a number of tokens, want max_chars of any_text");
  EXPECT_EQ(
      Fault(
          R"({"type": "triggered_tags", "triggers": ["<f"], "tags": [{"begin": "x", "content": {"type": "any_text"}, "end": "y"}]})"),
      "format.tags[0].begin: got \"x\", want one that begins with a trigger");
  EXPECT_EQ(Fault(R"({"type": "json_schema", "style": "cohere_xml", "json_schema": true})"),
            "format.style: got \"cohere_xml\", want json, qwen_xml, minimax_xml, deepseek_xml, deepseek_v4_1_xml, "
            "kimi_k3_xml or glm_xml");
}

}  // namespace
}  // namespace atelier
