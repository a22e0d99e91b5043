// Every error has OpenAI's shape, whoever finds it.
#include <gtest/gtest.h>

#include "serve/serve_testing.h"

namespace atelier {
namespace {

const HttpHeaders kJson = {{"Content-Type", "application/json"}};

void ExpectError(const Answer& answer, int status, std::string_view code) {
  EXPECT_EQ(answer.status, status) << answer.body;
  ASSERT_TRUE(answer.json.is_object()) << answer.body;
  const Json& error = answer.json["error"];
  ASSERT_TRUE(error.is_object()) << answer.body;
  EXPECT_FALSE(error["message"].AsString().empty());
  EXPECT_TRUE(error["type"].is_string() && error.Has("param")) << answer.body;
  EXPECT_EQ(answer.code(), code) << answer.body;
}

TEST(Errors, OfTheServerItselfHaveOpenAisShape) {
  Config config;
  config.server.max_body_bytes = 4096;
  ServedApp server(config);
  ExpectError(server.Get("/nope"), 404, "not_found");
  const Answer method = server.Get("/v1/completions");
  ExpectError(method, 405, "method_not_allowed");
  EXPECT_NE(method.headers.Get("Allow").find("POST"), std::string::npos);
  ExpectError(server.Send("POST", "/v1/chat/completions", std::string(5000, ' '), kJson), 413, "too_large");
  ExpectError(server.Send("POST", "/v1/chat/completions", "{}", {{"Content-Type", "text/plain"}}), 415,
              "unsupported_media_type");
  ExpectError(
      server.Send("POST", "/v1/chat/completions", "a=b", {{"Content-Type", "application/x-www-form-urlencoded"}}), 415,
      "unsupported_media_type");
}

TEST(Errors, OfTheServerItselfHaveTheShapeOfThePath) {
  Config config;
  config.server.max_body_bytes = 4096;
  ServedApp server(config);
  for (const Answer& answer : {server.Get("/api/nope"), server.Get("/api/chat"),
                               server.Send("POST", "/api/chat", std::string(5000, ' '), kJson)}) {
    EXPECT_GE(answer.status, 404) << answer.body;
    EXPECT_TRUE(answer.json["error"].is_string()) << answer.body;
  }
  const auto type_of = [](const Answer& answer) { return answer.json["error"]["type"]; };
  EXPECT_EQ(type_of(server.Get("/v1/messages/nope")), Json("not_found_error"));
  EXPECT_EQ(type_of(server.Get("/v1/messages")), Json("invalid_request_error"));
  EXPECT_EQ(type_of(server.Send("POST", "/v1/messages", std::string(5000, ' '), kJson)), Json("request_too_large"));
}

TEST(Errors, BodiesThatAreNoJsonObjectSayWhere) {
  ServedApp server;
  ExpectError(server.Send("POST", "/v1/chat/completions", "", kJson), 400, "invalid_json");
  ExpectError(server.Send("POST", "/v1/chat/completions", "{\"mess", kJson), 400, "invalid_json");
  ExpectError(server.Send("POST", "/v1/chat/completions", "[]", kJson), 400, "invalid_type");
  ExpectError(server.Send("POST", "/v1/chat/completions", "{\"messages\": \"\xff\"}", kJson), 400, "invalid_json");
  ExpectError(server.Send("POST", "/v1/chat/completions", "{\"temperature\": NaN}", kJson), 400, "invalid_json");
  ExpectError(server.Send("POST", "/v1/chat/completions", std::string(10000, '['), kJson), 400, "invalid_json");
  // JSON with parameters of the media type, and the types that are JSON by their suffix, are fine.
  for (const char* type : {"application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"}) {
    ExpectError(server.Send("POST", "/v1/chat/completions", "{}", {{"Content-Type", type}}), 400,
                "missing_required_parameter");
  }
}

TEST(Errors, NameTheParameter) {
  ServedApp server;
  Answer answer = server.Post("/v1/chat/completions", ChatBodyOf("x", R"("temprature": 1)"));
  ExpectError(answer, 400, "unknown_parameter");
  EXPECT_EQ(answer.param(), "temprature");
  EXPECT_NE(answer.body.find("did you mean 'temperature'?"), std::string::npos);
  answer = server.Post("/v1/chat/completions", ChatBodyOf("x", R"("stream_options": {"include_usag": true})"));
  ExpectError(answer, 400, "unknown_parameter");
  EXPECT_EQ(answer.param(), "stream_options.include_usag");
  answer = server.Post("/v1/chat/completions", ChatBodyOf("x", R"("audio": {"voice": "x", "format": "wav"})"));
  ExpectError(answer, 400, "unsupported_parameter");
  EXPECT_EQ(answer.param(), "audio");
  answer = server.PostText("/v1/chat/completions", R"({"messages": [{"role": "user", "content": "x", "nmae": "y"}]})");
  ExpectError(answer, 400, "unknown_parameter");
  EXPECT_EQ(answer.param(), "messages[0].nmae");
  EXPECT_NE(answer.body.find("did you mean 'name'?"), std::string::npos);
  answer = server.Post("/v1/chat/completions", ChatBodyOf("x", R"("temperature": 3)"));
  ExpectError(answer, 400, "invalid_value");
  answer = server.Post("/v1/chat/completions", ChatBodyOf("x", R"("temperature": "hot")"));
  ExpectError(answer, 400, "invalid_type");
}

TEST(Errors, UnknownParametersBecomeAWarningWhereTheConfigurationSaysSo) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.server.warn_unknown_parameters = true;
  ServedApp server(config);
  Json body = ChatBodyOf("x", R"("temprature": 1, "max_tokens": 1, "stream": true)");
  const Answer streamed = server.Post("/v1/chat/completions", body);
  EXPECT_EQ(streamed.status, 200) << streamed.body;
  EXPECT_EQ(streamed.headers.Get("X-Atelier-Warning"), "unknown parameter: temprature; did you mean 'temperature'?");
  const Answer message = server.PostText(
      "/v1/chat/completions", R"({"max_tokens": 1, "messages": [{"role": "user", "content": "x", "nmae": "y"}]})");
  EXPECT_EQ(message.status, 200) << message.body;
  EXPECT_EQ(message.headers.Get("X-Atelier-Warning"), "unknown parameter: messages[0].nmae; did you mean 'name'?");
  // What is known and unsupported would change the result: no configuration lets it through.
  EXPECT_EQ(server.Post("/v1/chat/completions", ChatBodyOf("x", R"("audio": {})")).status, 400);
}

TEST(Errors, EngineFaultsNameTheParameterToo) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const std::pair<const char*, const char*> cases[] = {
      {R"("stop_token_ids": [99999])", "stop_token_ids"},
      {R"("logit_bias": {"99999": 5})", "logit_bias"},
      {R"("allowed_token_ids": [99999])", "allowed_token_ids"},
      {R"("max_tokens": 3, "min_tokens": 5)", "min_tokens"},
      {R"("stop": [""])", "stop"},
      {R"("logit_bias": {"the": 5})", "logit_bias"},
      {R"("mirostat": 1)", "mirostat"},
      {R"("top_logprobs": 2)", "top_logprobs"},
      {R"("keep_alive": "soon")", "keep_alive"},
      {R"("stream_options": {"include_usage": true})", "stream_options"},
      {R"("metadata": {"k": 1})", "metadata.k"},
      {R"("chat_template_kwargs": [])", "chat_template_kwargs"},
      {R"("chat_template": "{% for %}")", "chat_template"},
      {R"("continue_final_message": true)", "continue_final_message"}};
  for (const auto& [more, param] : cases) {
    const Answer answer = server.Post("/v1/chat/completions", ChatBodyOf("x", more));
    EXPECT_EQ(answer.status, 400) << more << answer.body;
    EXPECT_EQ(answer.param(), param) << answer.body;
    EXPECT_TRUE(answer.code() == "invalid_value" || answer.code() == "unsupported_parameter" ||
                answer.code() == "invalid_type" || answer.code() == "chat_template_error")
        << answer.body;
  }
}

TEST(Errors, APromptThatDoesNotFitIsRefusedWithBothNumbers) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.engine.context = 64;
  ServedApp server(config);
  std::string words;
  for (int i = 0; i < 100; ++i) words += "hello ";
  const Answer chat = server.Post("/v1/chat/completions", ChatBodyOf(words));
  ExpectError(chat, 400, "context_length_exceeded");
  EXPECT_NE(chat.body.find("tokens, want at most 63 (the context holds 64)"), std::string::npos) << chat.body;
  const Answer stream = server.Post("/v1/chat/completions", ChatBodyOf(words, R"("stream": true)"));
  ExpectError(stream, 400, "context_length_exceeded");
  // The caller may ask for the cut.
  EXPECT_EQ(
      server.Post("/v1/chat/completions", ChatBodyOf(words, R"("truncate_prompt_tokens": 32, "max_tokens": 1)")).status,
      200);
  REQUIRE_INSTALLED(kEmbeddingModel);
  const Answer embedding = server.Post("/v1/embeddings", Json::Object({{"input", words}}));
  ExpectError(embedding, 400, "context_length_exceeded");
  EXPECT_EQ(embedding.param(), "input[0]");
  EXPECT_EQ(server.Post("/v1/embeddings", Json::Object({{"input", words}, {"truncate", true}})).status, 200);
}

}  // namespace
}  // namespace atelier
