#include "provider/kept_promise.h"

#include <gtest/gtest.h>

#include "provider/provider_testing.h"

namespace atelier {
namespace {

using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;

GrammarSpec SchemaSpec(std::string_view schema) {
  GrammarSpec spec;
  spec.schema = ParsedJson(schema);
  spec.where = "response_format.json_schema.schema";
  return spec;
}

// Says one text after the other, the last again and again; keeps what it was asked.
class KeptPromiseTest : public testing::Test {
 protected:
  void Say(std::vector<std::string> texts) { texts_ = std::move(texts), asked_.clear(); }
  void Open(const std::string& constrains = "none", const std::string& dialect = "") {
    bench_.Open([&](ProviderConfig& config) { config.constrains = constrains, config.dialect = dialect; });
  }
  Result<Gathered> Ask(GrammarSpec spec, int32_t n = 1) {
    GenerationRequest request = ChatOf("up/m", "Fill it in");
    request.options.grammar = std::move(spec);
    request.options.request.n = n;
    return bench_.Ask(std::move(request));
  }

  std::vector<std::string> texts_;
  std::string finish_ = "stop";
  std::vector<Json> asked_;
  ProviderBench bench_{[this](const Request& request) {
    asked_.push_back(ParsedJson(request.body));
    return StreamOf(texts_.at(std::min(texts_.size() - 1, asked_.size() - 1)), finish_);
  }};
};

constexpr std::string_view kAge = R"({"type":"object","properties":{"age":{"type":"integer","multipleOf":2}},)"
                                  R"("required":["age"],"additionalProperties":false})";

TEST_F(KeptPromiseTest, AsksAgainWithWhatIsWrongUntilItIsRight) {
  Open();
  Say({"I am 4", R"({"age":3})", R"({"age":4})"});
  const auto reply = Ask(SchemaSpec(kAge));
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  EXPECT_EQ(reply->choices[0].text, R"({"age":4})");
  EXPECT_EQ(reply->end.usage.prompt_tokens, 21) << "what all attempts used";
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_FALSE(asked_[0].Has("response_format"));
  EXPECT_NE(asked_[0]["messages"][0]["content"].AsString().find("multipleOf"), std::string::npos)
      << "the schema is in the conversation";
  const Json& last = asked_[2]["messages"];
  EXPECT_EQ(last.size(), 6);
  EXPECT_EQ(last[4]["content"].AsString(), R"({"age":3})");
  EXPECT_NE(last[5]["content"].AsString().find("#/properties/age/multipleOf"), std::string::npos)
      << last[5]["content"].AsString();
}

TEST_F(KeptPromiseTest, FailsByNameAfterSoManyRepairs) {
  Open();
  Say({R"({"age":3})"});
  const auto reply = Ask(SchemaSpec(kAge));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, "schema_not_kept");
  EXPECT_EQ(reply.error().where, "response_format.json_schema.schema");
  EXPECT_NE(reply.error().what.find("3 answers"), std::string::npos) << reply.error().what;
  EXPECT_EQ(asked_.size(), 3U) << "one answer and two repairs";
}

TEST_F(KeptPromiseTest, AFenceIsTakenOffAndLengthIsMarked) {
  Open("json_object");
  Say({"```json\n{\"age\": 8}\n```"});
  const auto fenced = Ask(SchemaSpec(kAge));
  ASSERT_TRUE(fenced.ok()) << fenced.error().Message();
  EXPECT_EQ(fenced->choices[0].text, R"({"age": 8})");
  EXPECT_EQ(asked_[0]["response_format"]["type"].AsString(), "json_object");
  Say({R"({"age":)"});
  finish_ = "length";
  const auto cut = Ask(SchemaSpec(kAge));
  ASSERT_TRUE(cut.ok()) << cut.error().Message();
  EXPECT_EQ(cut->choices[0].end.reason, FinishReason::kLength);
}

TEST_F(KeptPromiseTest, EachChoiceIsKeptOnItsOwn) {
  Open();
  Say({R"({"age":2})", R"({"age":1})", R"({"age":6})"});
  const auto reply = Ask(SchemaSpec(kAge), 2);
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  ASSERT_EQ(reply->choices.size(), 2U);
  EXPECT_EQ(reply->choices[0].text + reply->choices[1].text, R"({"age":2}{"age":6})");
}

TEST_F(KeptPromiseTest, ExpressionsChoicesAndGrammarsAreKeptToo) {
  Open();
  GrammarSpec regex;
  regex.kind = GrammarSpec::Kind::kRegex;
  regex.text = "[a-c]{3}";
  Say({"abcd", "xab", "cab"});
  EXPECT_EQ(Ask(regex)->choices[0].text, "cab");
  GrammarSpec choice;
  choice.kind = GrammarSpec::Kind::kChoice;
  choice.choices = {"yes", "no"};
  Say({"Yes.", "ye", "yes"});
  EXPECT_EQ(Ask(choice)->choices[0].text, "yes");
  GrammarSpec grammar;
  grammar.kind = GrammarSpec::Kind::kGrammar;
  grammar.text = "root ::= \"(\" root \")\" | \"x\"";
  Say({"((x)", "((x))"});
  EXPECT_EQ(Ask(grammar)->choices[0].text, "((x))");
}

TEST_F(KeptPromiseTest, WhatCannotBeCheckedIsRefusedBeforeAnythingIsAsked) {
  Open();
  Say({"{}"});
  const auto reply = Ask(SchemaSpec(R"({"type":"object","properties":{"a":{"multipleOf":0}}})"));
  ASSERT_FALSE(reply.ok());
  EXPECT_NE(reply.error().where.find("multipleOf"), std::string::npos) << reply.error().Message();
  EXPECT_TRUE(asked_.empty());
  GenerationRequest completion;
  completion.model = "up/m";
  completion.prompt = TextPrompt{"fill in"};
  completion.options.grammar = SchemaSpec(kAge);
  const auto text = bench_.Ask(completion);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, "unsupported_parameter") << text.error().Message();
  EXPECT_TRUE(asked_.empty());
}

TEST_F(KeptPromiseTest, APromiseThatTheUpstreamBreaksIsAnErrorAtTheEnd) {
  Open("json_schema");
  Say({R"({"age":4})"});
  const auto kept = Ask(SchemaSpec(kAge));
  ASSERT_TRUE(kept.ok()) << kept.error().Message();
  EXPECT_EQ(asked_[0]["response_format"]["json_schema"]["schema"], ParsedJson(kAge));
  EXPECT_EQ(asked_[0]["messages"].size(), 1);
  Say({R"({"age":3})"});
  const auto broken = Ask(SchemaSpec(kAge));
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, "schema_not_kept");
  EXPECT_EQ(asked_.size(), 1U) << "its text has gone out: nothing is asked again";
}

TEST_F(KeptPromiseTest, AnUpstreamThatIsTrustedCanBeHeldBackToo) {
  Open("", "llama_server");
  Say({R"({"age":3})", R"({"age":4})"});
  const auto reply = Ask(SchemaSpec(kAge));
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  EXPECT_EQ(reply->choices[0].text, R"({"age":4})");
  EXPECT_EQ(asked_[1]["response_format"]["json_schema"]["schema"], ParsedJson(kAge));
  EXPECT_EQ(asked_[1]["messages"].size(), 3) << "it has the schema already";
}

TEST_F(KeptPromiseTest, GoesByTheDialectsOwnName) {
  Open("", "vllm");
  GrammarSpec regex;
  regex.kind = GrammarSpec::Kind::kRegex;
  regex.text = "[ab]+";
  Say({"abba"});
  EXPECT_EQ(Ask(regex)->choices[0].text, "abba");
  EXPECT_EQ(asked_[0]["structured_outputs"]["regex"].AsString(), "[ab]+");
}

// --- calls ---

Answer CallOf(const std::string& name, const std::string& arguments) {
  const Json call = Json::Object({{"index", 0},
                                  {"id", "c1"},
                                  {"type", "function"},
                                  {"function", Json::Object({{"name", name}, {"arguments", arguments}})}});
  Json delta = Json::Object();
  delta.Set("tool_calls", Json::Array({call}));
  return {
      ChunkedAnswer("text/event-stream", {ChatEvent(delta.Dump()), ChatEvent("{}", "tool_calls"), "data: [DONE]\n\n"})};
}

TEST(KeptPromiseTools, ArgumentsMatchTheirSchemaOrAreAskedForAgain) {
  std::vector<std::pair<std::string, std::string>> calls;
  std::vector<Json> asked;
  ProviderBench bench([&](const Request& request) {
    asked.push_back(ParsedJson(request.body));
    const auto& [name, arguments] = calls.at(std::min(calls.size(), asked.size()) - 1);
    return CallOf(name, arguments);
  });
  bench.Open();
  GenerationRequest request = ChatOf("up/m", "weather?");
  Tool tool;
  tool.name = "weather";
  tool.parameters =
      ParsedJson(R"({"type":"object","properties":{"city":{"type":"string","minLength":2}},"required":["city"]})");
  tool.definition = Json::Object({{"type", "function"}});
  std::get<ChatPrompt>(request.prompt).tool_use.tools = {tool};
  std::get<ChatPrompt>(request.prompt).tool_use.choice = ToolUse::Choice::kRequired;
  calls = {{"weather", "{\"city\":"}, {"wether", R"({"city":"Rome"})"}, {"weather", R"({"city":"Rome"})"}};
  const auto reply = bench.Ask(request);
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  EXPECT_EQ(reply->choices[0].calls.at(0).arguments, R"({"city":"Rome"})");
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0]["tool_choice"].AsString(), "required");
  asked.clear();
  calls = {{"weather", R"({"city":"R"})"}};
  const auto never = bench.Ask(request);
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().code, "schema_not_kept");
  EXPECT_EQ(never.error().where, "tools");
}

}  // namespace
}  // namespace atelier
