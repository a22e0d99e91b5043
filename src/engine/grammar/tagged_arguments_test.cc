// Arguments between tags: xgrammar's styles. What is written is always an object of the schema.
#include "engine/grammar/tagged_arguments.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/tree_testing.h"
#include "engine/grammar/cfg_testing.h"
#include "engine/grammar/structural_tag.h"

namespace atelier {
namespace {

Result<int32_t> Read(std::string_view text, Cfg& cfg) {
  TRY(const Json tag, Json::Parse(text));
  return ReadStructuralTag(tag, JsonStyle::Served(), cfg);
}
std::string Tag(const std::string& style, const std::string& schema) {
  return R"({"type": "structural_tag", "format": {"type": "json_schema", "style": ")" + style +
         R"(", "json_schema": )" + schema + "}}";
}
TestGrammar Styled(const std::string& style, const std::string& schema) {
  return TestGrammar::Of(Read, Tag(style, schema));
}
std::string Fault(const std::string& schema) { return TestGrammar::Fault(Read, Tag("qwen_xml", schema)); }

constexpr const char* kPerson =
    R"({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"},
  "tags": {"type": "array", "items": {"type": "string"}}}, "required": ["name", "age"]})";

TEST(TaggedArguments, QwensParameters) {
  TestGrammar grammar = Styled("qwen_xml", kPerson);
  EXPECT_TRUE(grammar.Accepts("<parameter=name>Bob</parameter><parameter=age>\t100\n</parameter>"));
  EXPECT_TRUE(grammar.Accepts("\n\t<parameter=name>\n\"<b>&lt;\n</parameter>\n<parameter=age>\n7\n</parameter>\n"));
  EXPECT_TRUE(grammar.Accepts(
      "<parameter=name></param</parameter><parameter=age>1</parameter><parameter=tags>[\"a\"]</parameter>"));
  EXPECT_FALSE(grammar.Accepts("<parameter=name>Bob</parameter>"));
  EXPECT_FALSE(grammar.Begins("<parameter=age>"));
  EXPECT_FALSE(grammar.Begins("<parameter=name>Bob</parameter><parameter=age>\"1"));
  EXPECT_FALSE(grammar.Begins("<parameter=name>Bob</parameter><parameter=name>"));
  EXPECT_FALSE(grammar.Begins("<parameter=name>Bob</parameter><parameter=age>1</parameter><parameter=tags>[1"));
  TestGrammar older = TestGrammar::Of(Read, R"({"type": "structural_tag", "format": {"type": "qwen_xml_parameter",
      "json_schema": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}}})");
  EXPECT_TRUE(older.Accepts("<parameter=q>x</parameter>"));
}

TEST(TaggedArguments, TheOtherStyles) {
  TestGrammar minimax = Styled("minimax_xml", kPerson);
  EXPECT_TRUE(
      minimax.Accepts("<parameter name=\"name\">Bob</parameter>\t\n<parameter name=\"age\">\t100\n</parameter>"));
  EXPECT_FALSE(minimax.Begins("<parameter name=name"));
  TestGrammar deepseek = Styled("deepseek_xml", kPerson);
  EXPECT_TRUE(
      deepseek.Accepts("<｜DSML｜parameter name=\"name\" string=\"true\">Bob</｜DSML｜parameter>\n"
                       "<｜DSML｜parameter name=\"age\" string=\"false\">100</｜DSML｜parameter>"));
  EXPECT_FALSE(deepseek.Begins("<｜DSML｜parameter name=\"name\" string=\"false\">"));
  TestGrammar glm = Styled("glm_xml", kPerson);
  EXPECT_TRUE(glm.Accepts(
      "<arg_key>name</arg_key>\n<arg_value>Bob</arg_value>\n<arg_key>age</arg_key><arg_value>1</arg_value>"));
  EXPECT_FALSE(glm.Accepts("<arg_key>name</arg_key><arg_value>Bob</arg_value>"));
}

// tools/golden_structural_tag.py had xgrammar say so.
TEST(TaggedArguments, AgreeWithXgrammarOnRandomTexts) {
  std::ifstream file(SourcePath("/tests/golden/engine_grammar/structural_tag.jsonl"));
  int num_matched = 0;
  for (std::string line; std::getline(file, line);) {
    const Json row = Json::Parse(line).value();
    TestGrammar grammar = TestGrammar::Of(Read, R"({"type": "structural_tag", "format": )" + row["f"].Dump() + "}");
    for (const char* key : {"y", "n"}) {
      for (const Json& text : row[key].items()) {
        EXPECT_EQ(grammar.Accepts(text.AsString()), key[0] == 'y') << row["f"].Dump() << "\n" << text.AsString();
        num_matched += key[0] == 'y' ? 1 : 0;
      }
    }
  }
  EXPECT_GT(num_matched, 100);
}

TEST(TaggedArguments, StringsAreKeptExactly) {
  TestGrammar grammar = Styled("qwen_xml", R"({"properties": {
    "id": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3}, "unit": {"enum": ["C", "F", 1]},
    "day": {"$ref": "#/$defs/day"}, "it": {"not": {"const": "no"}}, "n": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}},
    "$defs": {"day": {"type": "string", "format": "date"}}, "required": ["id"]})");
  EXPECT_TRUE(grammar.Accepts(
      "<parameter=id>\nabc\n</parameter><parameter=unit>F</parameter>"
      "<parameter=day>2024-02-29</parameter><parameter=it>yes</parameter><parameter=n>null</parameter>"));
  EXPECT_FALSE(grammar.Begins("<parameter=id>abcd"));
  EXPECT_FALSE(grammar.Begins("<parameter=id>A"));
  EXPECT_FALSE(grammar.Begins("<parameter=id>a</parameter><parameter=unit>1"));
  EXPECT_FALSE(grammar.Begins("<parameter=id>a</parameter><parameter=day>2023-02-29"));
  EXPECT_FALSE(grammar.Begins("<parameter=id>a</parameter><parameter=it>no</parameter>"));
}

TEST(TaggedArguments, ReferencesLeadWhereTheyDidInTheWhole) {
  TestGrammar grammar = Styled("minimax_xml", R"({"type": "object", "properties": {"child": {"$ref": "#"},
    "a/b~c": {"$ref": "#/properties/x"}, "x": {"type": "integer"}}, "required": ["x", "more"],
    "additionalProperties": {"$ref": "#/properties/x"}})");
  EXPECT_TRUE(
      grammar.Accepts("<parameter name=\"child\">{\"child\":{\"x\":1,\"more\":2},\"x\":1,\"more\":2}</parameter>"
                      "<parameter name=\"x\">3</parameter><parameter name=\"more\">4</parameter>"));
  EXPECT_FALSE(grammar.Begins("<parameter name=\"child\">{\"x\":1}"));
  EXPECT_FALSE(grammar.Begins("<parameter name=\"x\">3</parameter><parameter name=\"more\">t"));
}

TEST(TaggedArguments, WhatCannotBeKeptIsRefusedByName) {
  EXPECT_EQ(Fault(R"({"minProperties": 2})").substr(0, 40), "format.json_schema.minProperties: got it");
  EXPECT_TRUE(Fault(R"({"type": "array"})").starts_with("format.json_schema.type: got \"array\""));
  EXPECT_TRUE(Fault("true").starts_with("format.json_schema: got a schema that is no object"));
  EXPECT_TRUE(Fault(R"({"properties": {"a>b": {}}})").contains("got a name that does not fit into a tag"));
  EXPECT_TRUE(Fault(R"({"properties": {"a": {"const": "</parameter>"}}})").contains("hold the end of their tag"));
  EXPECT_TRUE(Fault(R"({"properties": {"a": {"pattern": "(a)\\1"}}})").contains("back reference"));
  EXPECT_TRUE(Fault(R"({"properties": {"a": {"$ref": "#/$defs/none"}}})").contains("#/$defs/none"));
}

}  // namespace
}  // namespace atelier
