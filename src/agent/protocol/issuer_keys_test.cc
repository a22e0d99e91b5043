#include "agent/protocol/issuer_keys.h"

#include <gtest/gtest.h>

#include "base/io/seal.h"
#include "base/io/signing_key.h"
#include "base/task/manual_loop.h"

namespace atelier {
namespace {

constexpr char kIssuer[] = "https://login.example.org/main";
constexpr char kKeys[] = "https://login.example.org/keys";

// An authorization server that publishes a key of the given name, and what is asked of it.
struct Published {
  ManualLoop loop{5};
  std::string key_id = "one", says_issuer = kIssuer, says_keys = kKeys;
  bool answers = true;
  std::vector<std::string> asked = {};
  IssuerKeys keys{loop, {.issuer = kIssuer}, [this](Call, std::string url) { return Get(std::move(url)); }};

  Task<Result<std::optional<Json>>> Get(std::string url) {
    asked.push_back(url);
    co_await SleepFor(loop, std::chrono::milliseconds(5));
    if (!answers) co_return Error::Unavailable(url, "it does not answer");
    if (url.ends_with("/.well-known/openid-configuration/main")) {
      co_return Json::Object({{"issuer", says_issuer}, {"jwks_uri", says_keys}});
    }
    if (url != kKeys) co_return std::optional<Json>();
    const SigningKey key = SigningKey::Make();
    Json jwk = Json::Object({{"kty", "EC"}, {"crv", "P-256"}, {"kid", key_id}});
    jwk.Set("x", Base64UrlEncode(key.X())), jwk.Set("y", Base64UrlEncode(key.Y()));
    co_return Json::Object({{"keys", Json::Array({jwk})}});
  }
  Result<IssuerKeys::Keys> Ask() { return loop.Run(keys.Ask(Call())); }
};

TEST(IssuerKeys, AreFoundByTheIssuersMetadata) {
  Published published;
  EXPECT_EQ(published.keys.Known(), nullptr);
  EXPECT_TRUE(published.Ask().value()->HasId("one"));
  EXPECT_TRUE(published.keys.Known()->HasId("one"));
  EXPECT_EQ(published.asked,
            (std::vector<std::string>{"https://login.example.org/.well-known/oauth-authorization-server/main",
                                      "https://login.example.org/.well-known/openid-configuration/main", kKeys}));
}

TEST(IssuerKeys, OfMetadataThatIsAnothersAreNotTaken) {
  Published published;
  published.says_issuer = "https://login.example.org/other";
  EXPECT_EQ(published.Ask().error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(published.asked.size(), 2u);
  Published unsafe;
  unsafe.says_keys = "http://login.example.org/keys";
  EXPECT_FALSE(unsafe.Ask().ok());
  EXPECT_EQ(unsafe.asked.size(), 2u);
}

TEST(IssuerKeys, ThatChangeAreFetchedAgainButOnlyEverySoOften) {
  Published published;
  ASSERT_TRUE(published.Ask().ok());
  published.key_id = "two";
  EXPECT_FALSE(published.keys.MayAsk());
  EXPECT_TRUE(published.Ask().value()->HasId("one"));  // asked a moment ago
  EXPECT_EQ(published.asked.size(), 3u);
  published.loop.Advance(std::chrono::seconds(61));
  EXPECT_TRUE(published.keys.MayAsk());
  EXPECT_TRUE(published.Ask().value()->HasId("two"));
}

TEST(IssuerKeys, AreAskedForOnceForAllWhoWait) {
  Published published;
  int num_served = 0;
  for (int i = 0; i < 8; ++i) {
    Spawn(published.keys.Ask(Call()), [&](Result<IssuerKeys::Keys> keys) { num_served += keys.ok() ? 1 : 0; });
  }
  EXPECT_TRUE(published.Ask().ok());
  published.loop.RunUntilIdle();
  EXPECT_EQ(num_served, 8);
  EXPECT_EQ(published.asked.size(), 3u);
}

TEST(IssuerKeys, WhoLeavesEndsItForNobodyElse) {
  Published published;
  std::stop_source leaves;
  Call call;
  call.stop = leaves.get_token();
  bool told = false;
  Spawn(published.keys.Ask(call), [&](Result<IssuerKeys::Keys> keys) { told = !keys.ok(); });
  leaves.request_stop();
  EXPECT_TRUE(published.Ask().ok());
  published.loop.RunUntilIdle();
  EXPECT_TRUE(told);
}

TEST(IssuerKeys, HoldForADayWhereTheIssuerDoesNotAnswer) {
  Published published;
  ASSERT_TRUE(published.Ask().ok());
  published.answers = false;
  published.loop.Advance(std::chrono::hours(2));
  EXPECT_EQ(published.keys.Known(), nullptr);
  EXPECT_TRUE(published.Ask().value()->HasId("one"));
  published.loop.Advance(std::chrono::hours(23));
  EXPECT_EQ(published.Ask().error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace atelier
