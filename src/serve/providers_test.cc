// Another Atelier as the provider of this one.
#include <gtest/gtest.h>

#include "base/net/faulty_server.h"
#include "observe/trace_store.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

class ProvidersTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_INSTALLED(kChatModel);
    upstream_.emplace();
    ProviderConfig provider;
    provider.name = "there";
    provider.base_url = "http://127.0.0.1:" + std::to_string(upstream_->port()) + "/v1";
    provider.dialect = "atelier";
    ProviderConfig plain = provider;
    plain.name = "plain";
    plain.dialect = "compatible";
    ProviderModelConfig listed;
    listed.id = kChatModel;
    listed.context_length = 2048;
    plain.models = {listed};
    ProviderConfig messages = provider;
    messages.name = "messages";
    messages.api = "anthropic";
    messages.dialect.clear();
    messages.parameters = {"temperature"};
    ProviderConfig chats = provider;  // as if it had no decisions
    chats.name = "chats";
    chats.decisions = "chats";
    Config config;
    config.providers = {provider, plain, messages, chats};
    front_.emplace(config);
  }

  static Json With(Json body, std::string_view model) {
    body.Set("model", model);
    return body;
  }
  Answer Here(const Json& body) { return upstream_->Post("/v1/chat/completions", With(body, kChatModel)); }
  Answer There(const Json& body, std::string_view provider = "there/") {
    return front_->Post("/v1/chat/completions", With(body, std::string(provider) + std::string(kChatModel)));
  }

  std::optional<ServedApp> upstream_, front_;
};

TEST_F(ProvidersTest, DecidesByItsOwnDecisionsOrByTheLikeliestFirstTokensOfChats) {
  const auto decide = [&](ServedApp& app, std::string_view model) {
    return app.Post("/v1/decisions", With(ServedApp::Parsed(R"({"input": "The parcel is nine days late. Where is it?",
        "questions": [{"type": "predicate", "instructions": "The writer waits for something."},
            {"type": "choice", "instructions": "What is it about?",
             "choices": [{"value": "billing"}, {"value": "delivery", "description": "parcels"}]},
            {"type": "score", "instructions": "How urgent is it?",
             "levels": [{"label": "low"}, {"label": "middle"}, {"label": "high"}]}]})"),
                                          model));
  };
  const Answer here = decide(*upstream_, kChatModel);
  const Answer own = decide(*front_, "there/" + std::string(kChatModel));
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(own.json["answers"], here.json["answers"]);

  const Answer chats = decide(*front_, "chats/" + std::string(kChatModel));
  ASSERT_EQ(chats.status, 200) << chats.body;
  const Json& answers = chats.json["answers"];
  ASSERT_EQ(answers.size(), 3);
  EXPECT_GT(answers[0]["probability"].AsDouble(), 0);
  EXPECT_LT(answers[0]["probability"].AsDouble(), 1);
  for (const int i : {1, 2}) {
    double sum = 0;
    for (const Json& entry : answers[i]["probabilities"].items()) sum += entry["probability"].AsDouble();
    EXPECT_NEAR(sum, 1, 1e-9);
  }
  EXPECT_NE(answers, here.json["answers"]);
  // One chat a reading: (1 + 2 + 3) orders, about the text and about four inputs without content.
  EXPECT_EQ(chats.json["usage"]["output_tokens"], Json(30));
  EXPECT_EQ(decide(*front_, "chats/" + std::string(kChatModel)).json["answers"], answers);
}

TEST_F(ProvidersTest, GivesWhatTheUpstreamGives) {
  const Json body =
      ChatBodyOf("Name three colours.", R"("temperature": 0.8, "top_k": 30, "seed": 7, "max_tokens": 24)");
  const Answer here = Here(body), there = There(body);
  ASSERT_EQ(there.status, 200) << there.body;
  EXPECT_EQ(there.Text(), here.Text());
  EXPECT_EQ(there.json["usage"]["completion_tokens"], here.json["usage"]["completion_tokens"]);
  EXPECT_EQ(there.json["choices"][0]["finish_reason"], here.json["choices"][0]["finish_reason"]);
  Json streamed = body;
  streamed.Set("stream", true);
  const Answer stream = There(streamed);
  EXPECT_TRUE(stream.done);
  EXPECT_EQ(stream.Text(), here.Text());
  EXPECT_GT(stream.events.size(), 5U) << "token by token";
  const Json completion = ServedApp::Parsed(R"({"prompt": "The sea is", "temperature": 0, "max_tokens": 8})");
  EXPECT_EQ(front_->Post("/v1/completions", With(completion, "there/" + std::string(kChatModel))).Text(),
            upstream_->Post("/v1/completions", With(completion, kChatModel)).Text());
}

TEST_F(ProvidersTest, ASchemaIsKeptThereToo) {
  const Json body =
      ChatBodyOf("A person.", R"("temperature": 0, "max_tokens": 200, "response_format": {"type": "json_schema",
      "json_schema": {"name": "p", "schema": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12},
      "age": {"type": "integer", "minimum": 0, "multipleOf": 5}}, "required": ["name", "age"],
      "additionalProperties": false}}})");
  const Answer there = There(body);
  ASSERT_EQ(there.status, 200) << there.body;
  const Json person = ServedApp::Parsed(there.Text());
  EXPECT_EQ(*person["age"].AsInt64() % 5, 0);
  const Json choice = ChatBodyOf("Is it day?", R"("structured_outputs": {"choice": ["perhaps", "surely"]})");
  const std::string said = There(choice).Text();
  EXPECT_TRUE(said == "perhaps" || said == "surely") << said;
  // A model of this size that is only told the schema does not keep it: an error by name, never a wrong answer.
  const Json hard =
      ChatBodyOf("A person.", R"("temperature": 0, "max_tokens": 60, "response_format": {"type": "json_schema",
      "json_schema": {"name": "p", "schema": {"type": "array", "items": {"const": 7}, "minItems": 3, "maxItems": 3}}})");
  const Answer plain = There(hard, "plain/");
  if (plain.status == 200 && plain.json["choices"][0]["finish_reason"].AsString() == "stop") {
    EXPECT_EQ(ServedApp::Parsed(plain.Text()), ServedApp::Parsed("[7,7,7]"));
  } else if (plain.status != 200) {
    EXPECT_EQ(plain.code(), "schema_not_kept") << plain.body;
    EXPECT_EQ(plain.param(), "response_format.json_schema.schema");
  }
}

TEST_F(ProvidersTest, ToolsAreCalledThereAsHere) {
  const Json body = ChatBodyOf("What is the weather in Oslo?", R"("temperature": 0, "max_tokens": 100,
      "tool_choice": "required", "parallel_tool_calls": false, "tools": [{"type": "function", "function": {
      "name": "weather", "strict": true, "parameters": {"type": "object", "properties": {
      "city": {"type": "string", "maxLength": 12}, "days": {"type": "integer", "minimum": 1, "maximum": 5}},
      "required": ["city", "days"], "additionalProperties": false}}}])");
  const auto called = [](const Answer& answer) { return answer.json["choices"][0]["message"]["tool_calls"][0]; };
  const Answer here = Here(body), there = There(body);
  ASSERT_EQ(there.status, 200) << there.body;
  EXPECT_EQ(there.json["choices"][0]["finish_reason"].AsString(), "tool_calls");
  EXPECT_EQ(called(there)["function"]["name"].AsString(), "weather");
  EXPECT_EQ(called(there)["function"]["arguments"], called(here)["function"]["arguments"]);
  Json streamed = body;
  streamed.Set("stream", true);
  const Answer stream = There(streamed);
  std::string arguments;
  for (const Json& event : stream.events) {
    if (event["choices"].size() == 0) continue;
    const Json& calls = event["choices"][0]["delta"]["tool_calls"];
    if (calls.is_array()) arguments += calls[0]["function"]["arguments"].AsString();
  }
  EXPECT_EQ(arguments, called(here)["function"]["arguments"].AsString());
  // What the tool said goes back, and is read.
  Json turn = body;
  Json messages = body["messages"];
  messages.Push(Json::Object({{"role", "assistant"}, {"tool_calls", Json::Array({called(there)})}}));
  messages.Push(Json::Object({{"role", "tool"}, {"tool_call_id", called(there)["id"]}, {"content", "Snow."}}));
  turn.Set("messages", messages);
  turn.Set("tool_choice", "none");
  const Answer after = There(turn);
  ASSERT_EQ(after.status, 200) << after.body;
  EXPECT_EQ(after.Text(), Here(turn).Text());
}

TEST_F(ProvidersTest, AnthropicsApiCarriesTheSame) {
  Json body = ChatBodyOf("Name three colours.", R"("temperature": 0, "max_tokens": 24)");
  const Answer here = Here(body), there = There(body, "messages/");
  ASSERT_EQ(there.status, 200) << there.body;
  EXPECT_EQ(there.Text(), here.Text());
  EXPECT_EQ(there.json["usage"]["prompt_tokens"], here.json["usage"]["prompt_tokens"]);
  EXPECT_EQ(there.json["usage"]["completion_tokens"], here.json["usage"]["completion_tokens"]);
  EXPECT_EQ(there.json["choices"][0]["finish_reason"], here.json["choices"][0]["finish_reason"]);
  body.Set("stream", true);
  const Answer stream = There(body, "messages/");
  EXPECT_TRUE(stream.done);
  EXPECT_EQ(stream.Text(), here.Text());
  const Json called = ChatBodyOf("What is the weather in Oslo?", R"("temperature": 0, "max_tokens": 100,
      "tool_choice": "required", "parallel_tool_calls": false, "tools": [{"type": "function", "function": {
      "name": "weather", "strict": true, "parameters": {"type": "object", "properties": {
      "city": {"type": "string", "maxLength": 12}}, "required": ["city"], "additionalProperties": false}}}])");
  const Answer call = There(called, "messages/");
  ASSERT_EQ(call.status, 200) << call.body;
  EXPECT_EQ(call.json["choices"][0]["finish_reason"].AsString(), "tool_calls");
  const Json& function = call.json["choices"][0]["message"]["tool_calls"][0]["function"];
  EXPECT_EQ(function["name"].AsString(), "weather");
  EXPECT_TRUE(ServedApp::Parsed(function["arguments"].AsString())["city"].is_string());
  const Json schema = ChatBodyOf("A person.", R"("temperature": 0, "max_tokens": 100, "response_format": {
      "type": "json_schema", "json_schema": {"name": "p", "strict": true, "schema": {"type": "object", "properties": {
      "age": {"type": "integer", "minimum": 40, "maximum": 44}}, "required": ["age"],
      "additionalProperties": false}}})");
  const Answer kept = There(schema, "messages/");
  ASSERT_EQ(kept.status, 200) << kept.body;
  const int64_t age = *ServedApp::Parsed(kept.Text())["age"].AsInt64();
  EXPECT_TRUE(age >= 40 && age <= 44) << age;
}

TEST_F(ProvidersTest, TracesSayWhoAnswered) {
  There(ChatBodyOf("Hi", R"("max_tokens": 2)"));
  CHECK(front_->app().traces().Flush().ok());
  const auto roots = front_->app().traces().List({});
  ASSERT_TRUE(roots.ok() && !roots->empty());
  EXPECT_EQ(std::get<std::string>(*roots->front().Find("gen_ai.provider.name")), "there");
}

TEST_F(ProvidersTest, ErrorsSayWhoseTheyAre) {
  const Answer unknown = front_->Post("/v1/chat/completions", With(ChatBodyOf("Hi"), "there/none-such"));
  EXPECT_EQ(unknown.status, 404) << unknown.body;
  EXPECT_EQ(unknown.code(), "model_not_found");
  const Answer refused = There(ChatBodyOf("Hi", R"("top_k": 5)"), "plain/");
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(refused.param(), "top_k");
  const Answer unlisted = front_->Post("/v1/chat/completions", With(ChatBodyOf("Hi"), "plain/smollm"));
  EXPECT_EQ(unlisted.status, 404) << unlisted.body;
  const Answer tokens = front_->Post("/tokenize", With(ServedApp::Parsed(R"({"prompt": "a"})"), "there/m"));
  EXPECT_EQ(tokens.status, 400) << tokens.body;
}

TEST_F(ProvidersTest, ModelsAreListedAsConfigured) {
  const std::string name = "plain/" + std::string(kChatModel);
  bool found = false;
  const Answer list = front_->Get("/v1/models");
  for (const Json& model : list.json["data"].items()) {
    if (model["id"].AsString() != name) continue;
    found = true;
    EXPECT_EQ(model["owned_by"].AsString(), "plain");
    EXPECT_EQ(model["context_length"].AsInt64(), 2048);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(front_->Get("/v1/models/" + name).status, 200);
}

TEST_F(ProvidersTest, VectorsAndScoresAreTheSame) {
  REQUIRE_INSTALLED(kEmbeddingModel);
  const Json input = ServedApp::Parsed(R"({"input": ["a cat", "a dog"]})");
  const std::string far = "there/" + std::string(kEmbeddingModel);
  const Answer here = upstream_->Post("/v1/embeddings", With(input, kEmbeddingModel));
  const Answer there = front_->Post("/v1/embeddings", With(input, far));
  ASSERT_EQ(there.status, 200) << there.body;
  EXPECT_EQ(there.json["data"], here.json["data"]);
  const Json query = ServedApp::Parsed(R"({"query": "pets", "documents": ["a cat", "a bridge"]})");
  const Answer ranked = front_->Post("/v1/rerank", With(query, far));
  ASSERT_EQ(ranked.status, 200) << ranked.body;
  EXPECT_EQ(ranked.json["results"], upstream_->Post("/v1/rerank", With(query, kEmbeddingModel)).json["results"]);
}

TEST(Routes, FallBackToTheModelOfThisMachineAndLeaveATrace) {
  REQUIRE_INSTALLED(kChatModel);
  FaultyServer down([](const FaultyServer::Request&) {
    return FaultyServer::Answer{HttpAnswer(500, "application/json", R"({"error":{"message":"on fire"}})")};
  });
  Config config;
  ProviderConfig provider;
  provider.name = "down";
  provider.base_url = down.url("/v1");
  config.providers = {provider};
  RouteConfig route;
  route.name = "assistant";
  route.targets = {{"down/m", 1}, {std::string(kChatModel), 1}};
  route.backoff_seconds = 0.001;
  config.routes = {route};
  ServedApp served(config);
  Json body = ChatBodyOf("Say hello.", R"("model": "assistant", "temperature": 0, "max_tokens": 6)");
  const Answer routed = served.Post("/v1/chat/completions", body);
  ASSERT_EQ(routed.status, 200) << routed.body;
  EXPECT_EQ(routed.json["model"].AsString(), "assistant");
  EXPECT_EQ(down.num_requests(), 2);
  body.Set("stream", true);
  EXPECT_EQ(served.Post("/v1/chat/completions", body).Text(), routed.Text());
  body.Set("model", kChatModel);
  EXPECT_EQ(served.Post("/v1/chat/completions", body).Text(), routed.Text());
  EXPECT_EQ(served.Get("/v1/models/assistant").json["kind"].AsString(), "chat");
}

TEST(Mixtures, AreAModelOfTheirOwnName) {
  REQUIRE_INSTALLED(kChatModel);
  const std::string model(kChatModel);
  Config config;
  MixtureConfig alone{
      .name = "alone", .layers = {{.proposers = {{.model = model}}}}, .aggregator = {.how = "identity"}};
  MixtureConfig council{.name = "council",
                        .layers = {{.proposers = {{.model = model, .samples = 2, .temperature = 0.8}}}},
                        .aggregator = {.how = "write", .model = model}};
  config.mixtures = {alone, council};
  ServedApp served(config);
  Json body = ChatBodyOf("Say hello.", R"("seed": 5, "temperature": 0.7, "max_tokens": 12, "logprobs": true)");
  const Answer base = served.Post("/v1/chat/completions", body);
  ASSERT_EQ(base.status, 200) << base.body;
  body.Set("model", "alone");
  const Answer same = served.Post("/v1/chat/completions", body);
  ASSERT_EQ(same.status, 200) << same.body;
  EXPECT_EQ(same.json["model"].AsString(), "alone");
  EXPECT_EQ(same.json["choices"], base.json["choices"]);  // tokens and their log probabilities
  EXPECT_EQ(same.json["usage"]["completion_tokens"], base.json["usage"]["completion_tokens"]);

  body.Set("model", "council");
  body.Set("stream", true);
  const Answer first = served.Post("/v1/chat/completions", body);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(served.Post("/v1/chat/completions", body).Text(), first.Text());  // of one seed
  body.Set("stream", false);
  const Answer whole = served.Post("/v1/chat/completions", body);
  EXPECT_EQ(whole.Text(), first.Text());
  EXPECT_GT(*whole.json["usage"]["completion_tokens"].AsInt64(), 12);  // the proposers' too
  EXPECT_EQ(served.Get("/v1/models/council").json["kind"].AsString(), "chat");
  body.Set("model", "nobody");
  EXPECT_EQ(served.Post("/v1/chat/completions", body).status, 404);
}

TEST(Budgets, EndACallersDayByName) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.server.keys = {{"sk-a", "alice", "", {}}, {"sk-b", "bob", "", {}}};
  config.prices = {{std::string(kChatModel), 100, 100}};
  BudgetConfig budget;
  budget.key = "alice";
  budget.money_per_day = 0.001;
  config.budgets = {budget};
  ServedApp served(config);
  const Json body = ChatBodyOf("Say hello.", R"("max_tokens": 4)");
  const auto ask = [&](const std::string& key) {
    return served.Post("/v1/chat/completions", body, {{"Authorization", "Bearer " + key}});
  };
  EXPECT_EQ(ask("sk-a").status, 200);
  const Answer spent = ask("sk-a");
  EXPECT_EQ(spent.status, 429) << spent.body;
  EXPECT_EQ(spent.code(), "insufficient_quota");
  EXPECT_NE(spent.headers.Find("Retry-After"), nullptr);
  EXPECT_EQ(ask("sk-b").status, 200);
}

}  // namespace
}  // namespace atelier
