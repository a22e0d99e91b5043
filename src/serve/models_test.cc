// Several models behind one server: loaded on first use, unloaded when idle or in the way; and who may call.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "serve/serve_testing.h"
#include "serve/server.h"

namespace atelier {
namespace {

bool IsLoaded(ServedApp& server, std::string_view model) {
  return server.Get("/v1/models/" + std::string(model)).json["loaded"].AsBool();
}

bool EventuallyLoaded(ServedApp& server, std::string_view model, bool loaded) {
  for (int i = 0; i < 2000; ++i) {
    if (IsLoaded(server, model) == loaded) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

Answer Chat(ServedApp& server, std::string_view more = R"("max_tokens": 2, "temperature": 0)") {
  return server.Post("/v1/chat/completions", ChatBodyOf("Say hi", more));
}
Answer Embed(ServedApp& server, std::string_view model, std::string_view more = {}) {
  Json body = ServedApp::Parsed("{" + std::string(more) + "}");
  body.Set("input", "hello"), body.Set("model", model);
  return server.Post("/v1/embeddings", body);
}

TEST(Models, AreLoadedOnFirstUseAndSideBySide) {
  REQUIRE_INSTALLED(kChatModel);
  REQUIRE_INSTALLED(kEmbeddingModel);
  ServedApp server;
  const Json list = server.Get("/v1/models").json;
  EXPECT_EQ(list["object"].AsString(), "list");
  EXPECT_GE(list["data"].size(), 2);
  EXPECT_FALSE(IsLoaded(server, kChatModel));
  const std::string alone = Chat(server).Text();
  EXPECT_TRUE(IsLoaded(server, kChatModel));
  EXPECT_FALSE(IsLoaded(server, kEmbeddingModel));
  EXPECT_EQ(Embed(server, kEmbeddingModel).status, 200);
  EXPECT_TRUE(IsLoaded(server, kChatModel));
  EXPECT_TRUE(IsLoaded(server, kEmbeddingModel));
  EXPECT_EQ(server.Get("/health").json["models_loaded"].AsInt64(), 2);
  EXPECT_EQ(Chat(server).Text(), alone);
  const Answer unknown = server.Get("/v1/models/nope");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "model_not_found");
  const Answer typo = Embed(server, "all-minilm-l6-v3");
  EXPECT_EQ(typo.status, 404);
  EXPECT_NE(typo.body.find("did you mean 'all-minilm-l6-v2'"), std::string::npos);
}

TEST(Models, TheOneUsedLeastMakesRoomUnderTheBudget) {
  REQUIRE_INSTALLED(kChatModel);
  REQUIRE_INSTALLED(kEmbeddingModel);
  REQUIRE_INSTALLED(kOtherEmbeddingModel);
  double all_bytes = 0;
  {
    ServedApp server;
    EXPECT_EQ(Embed(server, kEmbeddingModel).status, 200);
    EXPECT_EQ(Embed(server, kOtherEmbeddingModel).status, 200);
    EXPECT_EQ(Chat(server).status, 200);
    for (const std::string_view model : {kChatModel, kEmbeddingModel, kOtherEmbeddingModel}) {
      all_bytes += server.Metric("atelier_model_memory_bytes{model_name=\"" + std::string(model) + "\"}");
    }
  }
  Config config;
  config.engine.keep_alive = "-1";
  config.engine.memory_mib = static_cast<int64_t>(all_bytes) / (1 << 20) - 1;  // room for two of the three
  ServedApp server(config);
  EXPECT_EQ(Embed(server, kEmbeddingModel).status, 200);
  EXPECT_EQ(Embed(server, kOtherEmbeddingModel).status, 200);
  EXPECT_TRUE(IsLoaded(server, kEmbeddingModel));
  EXPECT_TRUE(IsLoaded(server, kOtherEmbeddingModel));
  EXPECT_EQ(Embed(server, kEmbeddingModel).status, 200);  // now the other is the one used longest ago
  EXPECT_EQ(Chat(server).status, 200);
  EXPECT_TRUE(IsLoaded(server, kChatModel));
  EXPECT_TRUE(IsLoaded(server, kEmbeddingModel));
  EXPECT_FALSE(IsLoaded(server, kOtherEmbeddingModel));
  EXPECT_EQ(Embed(server, kOtherEmbeddingModel).status, 200);  // and comes back when asked
}

TEST(Models, ABudgetThatHoldsNoneOfThemIsSaidAndLeavesTheServerAlive) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.engine.memory_mib = 20;
  ServedApp server(config);
  const Answer answer = Chat(server);
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_EQ(answer.code(), "memory_budget");
  EXPECT_NE(answer.body.find("want at most 20 MiB in all"), std::string::npos) << answer.body;
  EXPECT_EQ(server.Get("/health").status, 200);
}

TEST(Models, KeepAliveSaysHowLongAModelStays) {
  REQUIRE_INSTALLED(kChatModel);
  REQUIRE_INSTALLED(kEmbeddingModel);
  ServedApp server;
  EXPECT_EQ(Chat(server, R"("max_tokens": 2, "keep_alive": 0)").status, 200);
  EXPECT_TRUE(EventuallyLoaded(server, kChatModel, false));
  EXPECT_EQ(Embed(server, kEmbeddingModel, R"("keep_alive": "50ms")").status, 200);
  EXPECT_TRUE(EventuallyLoaded(server, kEmbeddingModel, false));
  EXPECT_EQ(Embed(server, kEmbeddingModel, R"("keep_alive": -1)").status, 200);
  EXPECT_EQ(Chat(server, R"("max_tokens": 2, "keep_alive": "1ms")").status, 200);
  EXPECT_TRUE(EventuallyLoaded(server, kChatModel, false));
  EXPECT_TRUE(IsLoaded(server, kEmbeddingModel));
}

// --- who may call ---

KeyConfig KeyOf(const char* secret, const char* name) {
  KeyConfig key;
  key.key = secret, key.name = name;
  return key;
}
HttpHeaders Bearer(const std::string& secret) { return {{"Authorization", "Bearer " + secret}}; }

TEST(Keys, AreAskedForWhereThereAreAny) {
  Config config;
  config.server.keys.push_back(KeyOf("sk-anna", "anna"));
  ServedApp server(config);
  const Answer none = server.Get("/v1/models");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.code(), "invalid_api_key");
  EXPECT_EQ(none.headers.Get("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(server.Get("/v1/models", Bearer("sk-bert")).status, 401);
  EXPECT_EQ(server.Get("/v1/models", Bearer("sk-anna")).status, 200);
  EXPECT_EQ(server.Get("/v1/models", {{"X-Api-Key", "sk-anna"}}).status, 200);
  EXPECT_EQ(server.Get("/metrics").status, 401);
  for (const char* open : {"/health", "/", "/openapi.json", "/reference"})
    EXPECT_EQ(server.Get(open).status, 200) << open;
}

TEST(Keys, EachHasItsRequestsAMinute) {
  Config config;
  config.server.keys.push_back(KeyOf("sk-anna", "anna"));
  config.server.keys.back().requests_per_minute = 2;
  config.server.keys.push_back(KeyOf("sk-bert", "bert"));
  ServedApp server(config);
  EXPECT_EQ(server.Get("/v1/models", Bearer("sk-anna")).status, 200);
  EXPECT_EQ(server.Get("/v1/models", Bearer("sk-anna")).status, 200);
  const Answer over = server.Get("/v1/models", Bearer("sk-anna"));
  EXPECT_EQ(over.status, 429);
  EXPECT_EQ(over.code(), "rate_limit_exceeded");
  const int seconds = std::stoi(std::string(over.headers.Get("Retry-After", "0")));
  EXPECT_TRUE(seconds >= 1 && seconds <= 60) << seconds;
  EXPECT_EQ(server.Get("/v1/models", Bearer("sk-bert")).status, 200);
}

TEST(Keys, EachHasItsTokensAMinute) {
  REQUIRE_INSTALLED(kChatModel);
  REQUIRE_INSTALLED(kEmbeddingModel);
  Config config;
  config.server.keys.push_back(KeyOf("sk-anna", "anna"));
  config.server.keys.back().tokens_per_minute = 40;
  config.server.keys.push_back(KeyOf("sk-bert", "bert"));
  config.server.keys.back().tokens_per_day = 3;
  ServedApp server(config);
  const Json body = ChatBodyOf("Say hi", R"("max_tokens": 12, "ignore_eos": true)");
  EXPECT_EQ(server.Post("/v1/chat/completions", body, Bearer("sk-anna")).status, 200);
  const Answer over = server.Post("/v1/chat/completions", body, Bearer("sk-anna"));
  EXPECT_EQ(over.status, 429) << over.body;
  EXPECT_NE(over.body.find("want at most 40"), std::string::npos) << over.body;
  // Vectors cost too.
  const Json input = Json::Object({{"input", "hello"}});
  EXPECT_EQ(server.Post("/v1/embeddings", input, Bearer("sk-bert")).status, 200);
  EXPECT_EQ(server.Post("/v1/embeddings", input, Bearer("sk-bert")).status, 429);
}

TEST(Keys, WithoutOneNoOtherAddressIsListenedOn) {
  const auto listens = [](const char* host, bool key, bool open) {
    Config config;
    config.home = testing::TempDir() + "serve_test_exposure";
    config.server.host = host;
    config.server.port = 0;
    config.server.allow_open = open;
    if (key) config.server.keys.push_back(KeyOf("sk-anna", "anna"));
    IoLoop loop;
    auto app = App::Create(config, loop, Clock::Real());
    CHECK(app.ok());
    const auto server = ListenFor(**app, loop);
    EXPECT_TRUE(server.ok() || server.error().Message().find("without a key") != std::string::npos);
    if (server.ok()) loop.RunTask((*server)->Drain(loop.Now(), std::chrono::milliseconds(5000)));
    return server.ok();
  };
  EXPECT_TRUE(listens("127.0.0.1", false, false));
  EXPECT_FALSE(listens("0.0.0.0", false, false));
  EXPECT_FALSE(listens("127.evil.example", false, false));
  EXPECT_TRUE(listens("0.0.0.0", true, false));
  EXPECT_TRUE(listens("0.0.0.0", false, true));
}

TEST(Cors, IsAsConfigured) {
  Config config;
  config.server.cors_origins = {"https://app.example"};
  ServedApp server(config);
  const HttpHeaders known = {{"Origin", "https://app.example"}};
  EXPECT_EQ(server.Get("/v1/models", known).headers.Get("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(server.Get("/v1/models", {{"Origin", "https://evil.example"}}).headers.Find("Access-Control-Allow-Origin"),
            nullptr);
  const Answer preflight = server.Send("OPTIONS", "/v1/chat/completions", "",
                                       {{"Origin", "https://app.example"},
                                        {"Access-Control-Request-Method", "POST"},
                                        {"Access-Control-Request-Headers", "authorization"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_NE(preflight.headers.Get("Access-Control-Allow-Methods").find("POST"), std::string::npos);
  // Errors must be readable by the page too.
  EXPECT_EQ(server.Get("/nope", known).headers.Get("Access-Control-Allow-Origin"), "https://app.example");
  ServedApp closed;
  EXPECT_EQ(closed.Get("/v1/models", known).headers.Find("Access-Control-Allow-Origin"), nullptr);
}

}  // namespace
}  // namespace atelier
