// What response_format and its relatives promise, over the real model: the output is what was asked for, whatever the
// model would rather say, or the request is refused with the keyword named.
#include <gtest/gtest.h>

#include <regex>

#include "base/text/json_schema_validator.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

constexpr std::string_view kPath = "/v1/chat/completions";
constexpr std::string_view kSchema = R"({
  "type": "object",
  "properties": {
    "name": {"type": "string", "maxLength": 20, "pattern": "^[A-Z][a-z]+( [A-Z][a-z]+)*$"},
    "born": {"type": "integer", "minimum": 1000, "exclusiveMaximum": 2100},
    "price": {"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 5},
    "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "uniqueItems": true, "minItems": 1},
    "when": {"type": "string", "format": "date"},
    "kind": {"oneOf": [{"const": "a"}, {"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"],
                                        "additionalProperties": false}]}
  },
  "required": ["name", "born", "price", "tags", "when", "kind"],
  "additionalProperties": false
})";

class Structured : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (IsInstalled(kChatModel)) server = std::make_unique<ServedApp>();
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override { REQUIRE_INSTALLED(kChatModel); }

  static Json BodyOf(const Json& format, std::string_view more) {
    Json body = ChatBodyOf("Describe a painter.", more);
    body.Set("response_format", format);
    return body;
  }
  static Json SchemaFormat(Json schema) {
    return Json::Object(
        {{"type", "json_schema"}, {"json_schema", Json::Object({{"name", "painter"}, {"schema", std::move(schema)}})}});
  }
  static std::unique_ptr<ServedApp> server;
};
std::unique_ptr<ServedApp> Structured::server;

TEST_F(Structured, ASchemaIsKeptAtAnyTemperature) {
  const Json schema = ServedApp::Parsed(kSchema);
  const auto document = SchemaDocument::Parse(schema);
  ASSERT_TRUE(document.ok());
  int num_whole = 0;
  for (int seed = 0; seed < 4; ++seed) {
    const std::string more = R"("max_tokens": 160, "temperature": 1.5, "seed": )" + std::to_string(seed);
    const Answer answer = server->Post(kPath, BodyOf(SchemaFormat(schema), more));
    ASSERT_EQ(answer.status, 200) << answer.body;
    if (answer.json["choices"][0]["finish_reason"].AsString() == "length") continue;
    ++num_whole;
    const auto value = Json::Parse(answer.Text());
    ASSERT_TRUE(value.ok()) << answer.Text();
    const auto violations = ValidateJson(*document, *value, FormatPolicy::kAssert);
    ASSERT_TRUE(violations.ok());
    EXPECT_TRUE(violations->empty()) << answer.Text() << "\n" << (*violations)[0].Text();
  }
  EXPECT_GT(num_whole, 1);
}

TEST_F(Structured, AStreamSaysTheSameAsAWholeReply) {
  const Json format = SchemaFormat(ServedApp::Parsed(kSchema));
  const std::string more = R"("max_tokens": 120, "temperature": 0.8, "seed": 3)";
  const Answer whole = server->Post(kPath, BodyOf(format, more));
  const Answer stream = server->Post(kPath, BodyOf(format, more + R"(, "stream": true)"));
  EXPECT_EQ(whole.Text(), stream.Text());
  EXPECT_TRUE(stream.done);
}

TEST_F(Structured, ClosingIsPreferredWhereAsked) {
  const Json format = SchemaFormat(ServedApp::Parsed(kSchema));
  for (const char* max_tokens : {"60", "70", "90"}) {
    const std::string more = std::string(R"("temperature": 1, "seed": 4, "max_tokens": )") + max_tokens;
    const Answer answer =
        server->Post(kPath, BodyOf(format, more + R"(, "structured_outputs": {"prefer_closing": true})"));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json["choices"][0]["finish_reason"].AsString(), "stop") << max_tokens << answer.body;
    EXPECT_TRUE(Json::Parse(answer.Text()).ok()) << answer.Text();
  }
  const Answer small =
      server->Post(kPath, BodyOf(format, R"("max_tokens": 3, "structured_outputs": {"prefer_closing": true})"));
  EXPECT_EQ(small.json["choices"][0]["finish_reason"].AsString(), "length") << small.body;
  const Answer nested = server->Post(kPath, ChatBodyOf("x", R"js("temperature": 1, "seed": 2, "max_tokens": 16,
      "structured_outputs": {"grammar": "root ::= \"(\" root \")\" | \"a\"", "prefer_closing": true})js"));
  ASSERT_EQ(nested.status, 200) << nested.body;
  EXPECT_EQ(nested.json["choices"][0]["finish_reason"].AsString(), "stop") << nested.body;
}

TEST_F(Structured, WhiteSpaceByAPattern) {
  const Answer answer = server->Post(kPath, ChatBodyOf("A pair.", R"js("temperature": 1, "seed": 1, "max_tokens": 60,
      "structured_outputs": {"whitespace_pattern": "\\n", "json": {"type": "object", "additionalProperties": false,
      "properties": {"a": {"type": "integer", "maximum": 9, "minimum": 1}}, "required": ["a"]}})js"));
  EXPECT_TRUE(std::regex_match(answer.Text(), std::regex("\\{\n\"a\"\n:\n[1-9]\n\\}"))) << answer.body;
  const Answer refused = server->Post(
      kPath, ChatBodyOf("x", R"js("structured_outputs": {"json_object": true, "whitespace_pattern": "-+"})js"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("whitespace_pattern"), std::string::npos) << refused.body;
}

TEST_F(Structured, JsonObjectIsAnObject) {
  const Answer answer =
      server->Post(kPath, BodyOf(Json::Object({{"type", "json_object"}}), R"("max_tokens": 8, "temperature": 0)"));
  EXPECT_EQ(answer.Text().substr(0, 1), "{") << answer.body;
}

TEST_F(Structured, ChoicesAndExpressionsInEverySpelling) {
  const std::string more = R"("temperature": 1, "seed": 1, "max_tokens": 30, )";
  for (const char* choice : {R"("structured_outputs": {"choice": ["yes", "no", "perhaps so"]})",
                             R"("guided_choice": ["yes", "no", "perhaps so"])"}) {
    const std::string text = server->Post(kPath, ChatBodyOf("Is it?", more + choice)).Text();
    EXPECT_TRUE(text == "yes" || text == "no" || text == "perhaps so") << text;
  }
  for (const char* expression :
       {R"("structured_outputs": {"regex": "[a-c]{3}-\\d{2,4}"})", R"("guided_regex": "[a-c]{3}-\\d{2,4}")"}) {
    const std::string text = server->Post(kPath, ChatBodyOf("A code.", more + expression)).Text();
    EXPECT_TRUE(std::regex_match(text, std::regex("[a-c]{3}-\\d{2,4}"))) << text;
  }
  for (const char* schema : {R"("structured_outputs": {"json": {"type": "integer", "minimum": 10, "maximum": 99}})",
                             R"("guided_json": "{\"type\": \"integer\", \"minimum\": 10, \"maximum\": 99}")",
                             R"("json_schema": {"type": "integer", "minimum": 10, "maximum": 99})"}) {
    const std::string text = server->Post(kPath, ChatBodyOf("A number.", more + schema)).Text();
    EXPECT_TRUE(std::regex_match(text, std::regex("[1-9][0-9]"))) << text;
  }
  const Answer completion = server->PostText("/v1/completions", R"({"prompt": "One of them:", "max_tokens": 5,
      "structured_outputs": {"choice": ["left", "right"]}})");
  EXPECT_TRUE(completion.Text() == "left" || completion.Text() == "right") << completion.body;
}

TEST_F(Structured, GrammarsInEverySpelling) {
  const std::string more = R"("temperature": 1, "seed": 1, "max_tokens": 40, )";
  const std::string gbnf = R"js("root ::= term ([+*] term)* \"=\" [0-9]\nterm ::= [0-9]{1,2} | \"(\" root \")\"")js";
  for (const char* name : {"grammar", "guided_grammar"}) {
    const Answer answer = server->Post(kPath, ChatBodyOf("A sum.", more + "\"" + name + "\": " + gbnf));
    ASSERT_EQ(answer.status, 200) << answer.body;
    if (answer.json["choices"][0]["finish_reason"].AsString() == "length") continue;
    EXPECT_TRUE(std::regex_match(answer.Text(), std::regex(R"([0-9+*()=]+=[0-9])"))) << answer.Text();
  }
  const Answer lark = server->Post(kPath, ChatBodyOf("A query.", more + R"js("structured_outputs":
      {"grammar": "start: \"SELECT \" NAME \" FROM \" NAME\nNAME: /[a-z]{1,8}/"})js"));
  EXPECT_TRUE(std::regex_match(lark.Text(), std::regex("SELECT [a-z]{1,8} FROM [a-z]{1,8}"))) << lark.body;
  const Answer tagged = server->Post(kPath, ChatBodyOf("A call.", more + R"js("structured_outputs": {"structural_tag":
      {"type": "structural_tag", "format": {"type": "tag", "begin": "<call>", "end": "</call>", "content":
      {"type": "json_schema", "json_schema": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1,
      "maximum": 9}}, "required": ["n"], "additionalProperties": false}}}}})js"));
  EXPECT_TRUE(std::regex_match(tagged.Text(), std::regex(R"(<call>\{\s*"n":\s?[1-9]\s*\}</call>)"))) << tagged.body;
  const Answer refused = server->Post(kPath, ChatBodyOf("x", R"("grammar": "root ::= foo")"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.param(), "grammar");
  EXPECT_NE(refused.body.find("line 1, column 10"), std::string::npos) << refused.body;
}

TEST_F(Structured, WhatCannotBeKeptIsRefusedByName) {
  const std::pair<const char*, const char*> refused[] = {
      {R"({"properties": {"a": {"pattern": "(a)\\1"}}})", "#/properties/a/pattern"},
      {R"({"$ref": "https://example.com/other.json"})", "#/$ref"},
      {R"({"multipleOf": 0})", "#/multipleOf"},
      {R"({"type": "string", "minLength": 3, "maxLength": 1})", "no value satisfies"},
  };
  for (const auto& [schema, named] : refused) {
    const Answer answer = server->Post(kPath, BodyOf(SchemaFormat(ServedApp::Parsed(schema)), R"("max_tokens": 5)"));
    EXPECT_EQ(answer.status, 400) << schema;
    EXPECT_EQ(answer.param(), "response_format.json_schema.schema") << answer.body;
    EXPECT_NE(answer.body.find(named), std::string::npos) << answer.body;
  }
  const Answer both = server->Post(kPath, ChatBodyOf("x", R"("guided_choice": ["a"], "guided_regex": "b")"));
  EXPECT_EQ(both.status, 400);
  EXPECT_EQ(both.code(), "invalid_value");
}

TEST_F(Structured, AGrammarOutranksOtherBans) {
  // All that the choice needs is banned.
  const Answer answer = server->Post(kPath, ChatBodyOf("x", R"("guided_choice": ["yes"], "bad_words": ["y", "yes", "e"],
      "min_tokens": 20, "max_tokens": 40)"));
  EXPECT_EQ(answer.Text(), "yes") << answer.body;
  EXPECT_EQ(answer.json["choices"][0]["finish_reason"].AsString(), "stop");
}

}  // namespace
}  // namespace atelier
