#include <gtest/gtest.h>

#include "app/api_keys.h"
#include "app/config.h"

namespace atelier {
namespace {

TEST(Config, EveryKeyHasADefault) {
  const auto config = ParseConfig("", "atelier.yaml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->server.host, "127.0.0.1");
  EXPECT_EQ(config->server.port, 8910);
}

TEST(Config, ReadsWhatIsWritten) {
  const auto config = ParseConfig(R"(
server:
  port: 9000
  keys:
    - {key: "sk-1", name: anna, tokens_per_minute: 100}
engine: {threads: 1, kv_cache: q8_0}
models:
  - id: mine
    path: /tmp/x.gguf
)",
                                  "atelier.yaml");
  ASSERT_TRUE(config.ok()) << config.error().Message();
  EXPECT_EQ(config->server.port, 9000);
  EXPECT_EQ(config->server.keys.at(0).name, "anna");
  EXPECT_EQ(config->engine.kv_cache, "q8_0");
  EXPECT_EQ(config->models.at(0).path, "/tmp/x.gguf");
}

TEST(Config, ErrorsNameLineKeyAndTheNearestKnownOne) {
  const auto unknown = ParseConfig("server:\n  host: 0.0.0.0\n  prot: 1\n", "a.yaml");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().Message(), "a.yaml:3: server.prot: got an unknown parameter; did you mean 'port'?");
  const auto wrong = ParseConfig("server:\n  port: many\n", "a.yaml");
  EXPECT_EQ(wrong.error().Message(), "a.yaml:2: server.port: got \"many\", want a whole number");
  const auto broken = ParseConfig("server: [", "a.yaml");
  EXPECT_NE(broken.error().Message().find("a.yaml: line 1"), std::string::npos) << broken.error().Message();
  EXPECT_FALSE(ParseConfig("port: 1\nport: 2\n", "a.yaml").ok());
}

TEST(Config, AliasesThatMultiplyAreRefused) {
  std::string bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += (i > 0 ? ",*" : "*") + std::string(1, static_cast<char>(c - 1));
    bomb += "]\n";
  }
  EXPECT_FALSE(ParseConfig(bomb, "a.yaml").ok());
}

std::vector<KeyConfig> OneKey(int64_t requests, int64_t tokens) {
  KeyConfig key;
  key.key = "sk-secret", key.name = "anna";
  key.requests_per_minute = requests, key.tokens_per_minute = tokens;
  return {key};
}

TEST(ApiKeys, WithoutKeysEveryoneMayCall) {
  ManualClock clock;
  auto keys = ApiKeys::Create({}, clock);
  EXPECT_FALSE(keys->required());
  EXPECT_EQ(*keys->Admit(""), "");
}

TEST(ApiKeys, OnlyTheRightSecretIsAdmitted) {
  ManualClock clock;
  auto keys = ApiKeys::Create(OneKey(0, 0), clock);
  EXPECT_EQ(*keys->Admit("Bearer sk-secret"), "anna");
  for (const char* wrong : {"", "Bearer ", "Bearer sk-secre", "Bearer sk-secret2", "Bearer sk-sEcret"}) {
    const auto refused = keys->Admit(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().kind, ErrorKind::kDenied);
  }
}

TEST(ApiKeys, AQuotaOfRequestsEndsWithItsMinute) {
  ManualClock clock;
  auto keys = ApiKeys::Create(OneKey(2, 0), clock);
  EXPECT_TRUE(keys->Admit("sk-secret").ok());
  EXPECT_TRUE(keys->Admit("sk-secret").ok());
  clock.Advance(std::chrono::seconds(20));
  const auto refused = keys->Admit("sk-secret");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(refused.error().retry_after, std::chrono::seconds(40));
  clock.Advance(std::chrono::seconds(40));
  EXPECT_TRUE(keys->Admit("sk-secret").ok());
}

TEST(ApiKeys, TokensAreChargedWhenARequestEnds) {
  ManualClock clock;
  auto keys = ApiKeys::Create(OneKey(0, 100), clock);
  EXPECT_TRUE(keys->Admit("sk-secret").ok());
  keys->Charge("anna", 150);
  EXPECT_FALSE(keys->Admit("sk-secret").ok());
  clock.Advance(std::chrono::minutes(1));
  EXPECT_TRUE(keys->Admit("sk-secret").ok());
}

}  // namespace
}  // namespace atelier
