#include "agent/protocol/access_token.h"

#include <gtest/gtest.h>

#include "base/io/seal.h"
#include "base/io/signing_key.h"

namespace atelier {
namespace {

constexpr int64_t kNow = 1'900'000'000;

AccessTokenRules Rules() {
  return {.issuer = "https://login.example.org",
          .audiences = {"https://agents.example.org/mcp"},
          .schemes = {SignatureScheme::kEs256},
          .scopes = {"mcp"}};
}

Json Claims() {
  return Json::Object({{"iss", "https://login.example.org"},
                       {"aud", "https://agents.example.org/mcp"},
                       {"sub", "ann"},
                       {"exp", kNow + 300},
                       {"scope", "openid mcp"},
                       {"groups", Json::Array({"staff"})}});
}

// An issuer with one key.
struct Issuer {
  SigningKey key = SigningKey::Make();

  std::string Token(const Json& claims, const Json& header) const {
    const std::string text = Base64UrlEncode(header.Dump()) + "." + Base64UrlEncode(claims.Dump());
    return text + "." + Base64UrlEncode(key.Sign(text));
  }
  std::string Token(const Json& claims) const {
    return Token(claims, Json::Object({{"alg", "ES256"}, {"typ", "at+jwt"}, {"kid", "one"}}));
  }
  JwkSet Keys(const std::string& id = "one") const {
    Json jwk = Json::Object({{"kty", "EC"}, {"crv", "P-256"}, {"kid", id}});
    jwk.Set("x", Base64UrlEncode(key.X())), jwk.Set("y", Base64UrlEncode(key.Y()));
    return JwkSet::Read(Json::Object({{"keys", Json::Array({jwk})}})).value();
  }
};

Result<AccessTokenUser> UserOf(const std::string& text, const JwkSet& keys) {
  TRY(const AccessToken token, AccessToken::Read(text, Rules(), kNow));
  return token.Check(keys);
}

TEST(AccessTokens, LetInWhomTheIssuerNames) {
  const Issuer issuer;
  const AccessTokenUser user = UserOf(issuer.Token(Claims()), issuer.Keys()).value();
  EXPECT_EQ(user.name, "ann");
  EXPECT_EQ(user.groups, std::vector<std::string>{"staff"});
}

TEST(AccessTokens, AreRefusedByTheClaimThatIsWrong) {
  const Issuer issuer;
  const std::pair<const char*, Json> wrong[] = {{"iss", "https://login.example.org/"},
                                                {"iss", Json()},
                                                {"aud", "https://other.example.org/mcp"},
                                                {"aud", Json::Array()},
                                                {"exp", kNow - 61},
                                                {"exp", "soon"},
                                                {"exp", Json()},
                                                {"nbf", kNow + 61},
                                                {"nbf", "later"},
                                                {"iat", kNow + 61},
                                                {"sub", ""},
                                                {"sub", 7},
                                                {"sub", std::string(257, 'a')},
                                                {"sub", "a\nb"},
                                                {"cnf", Json::Object({{"jkt", "x"}})}};
  for (const auto& [claim, value] : wrong) {
    Json claims = Claims();
    claims.Set(claim, value);
    const auto refused = UserOf(issuer.Token(claims), issuer.Keys());
    ASSERT_FALSE(refused.ok()) << claim << " " << value.Dump();
    EXPECT_EQ(refused.error().code, kInvalidToken) << claim;
    EXPECT_EQ(refused.error().where, std::string("token.") + claim);
  }
}

TEST(AccessTokens, AllowForClocksThatDiffer) {
  const Issuer issuer;
  Json claims = Claims();
  claims.Set("exp", kNow - 59), claims.Set("nbf", kNow + 59);
  EXPECT_TRUE(UserOf(issuer.Token(claims), issuer.Keys()).ok());
}

TEST(AccessTokens, OfOneWhoLacksAScopeAreToldFromBadOnes) {
  const Issuer issuer, other;
  Json claims = Claims();
  claims.Set("scope", "mcpx openid");
  EXPECT_EQ(UserOf(issuer.Token(claims), issuer.Keys()).error().code, kInsufficientScope);
  // Whose signature is not good is not told what it lacks.
  EXPECT_EQ(UserOf(other.Token(claims), issuer.Keys()).error().code, kInvalidToken);
  claims.Erase("scope"), claims.Set("scp", Json::Array({"openid", "mcp"}));
  EXPECT_TRUE(UserOf(issuer.Token(claims), issuer.Keys()).ok());
}

TEST(AccessTokens, AreWorthNothingBySignaturesOfOthersOrAlgorithmsThatAreNotAllowed) {
  const Issuer issuer, other;
  EXPECT_FALSE(UserOf(other.Token(Claims()), issuer.Keys()).ok());
  EXPECT_FALSE(UserOf(issuer.Token(Claims()), issuer.Keys("another")).ok());
  std::string changed = issuer.Token(Claims());
  changed[changed.size() / 2] ^= 1;
  EXPECT_FALSE(UserOf(changed, issuer.Keys()).ok());
  for (const char* name : {"none", "None", "HS256", "RS256", "EdDSA", ""}) {
    const Json header = Json::Object({{"alg", name}, {"kid", "one"}});
    EXPECT_FALSE(UserOf(issuer.Token(Claims(), header), issuer.Keys()).ok()) << name;
  }
  for (const char* type : {"JWT", "application/at+jwt", "AT+JWT"}) {
    const Json header = Json::Object({{"alg", "ES256"}, {"typ", type}});
    EXPECT_TRUE(UserOf(issuer.Token(Claims(), header), issuer.Keys()).ok()) << type;
  }
  const Json of_other_kind = Json::Object({{"alg", "ES256"}, {"typ", "dpop+jwt"}});
  EXPECT_FALSE(UserOf(issuer.Token(Claims(), of_other_kind), issuer.Keys()).ok());
  const Json critical = Json::Object({{"alg", "ES256"}, {"crit", Json::Array({"b64"})}});
  EXPECT_FALSE(UserOf(issuer.Token(Claims(), critical), issuer.Keys()).ok());
}

TEST(AccessTokens, SurviveAnything) {
  const Issuer issuer;
  for (const std::string& text : {std::string(), std::string("."), std::string(".."), std::string("..."),
                                  std::string("a.b.c"), std::string("e30.e30."), std::string(20'000, 'a')}) {
    EXPECT_EQ(UserOf(text, issuer.Keys()).error().code, kInvalidToken) << text.substr(0, 9);
  }
}

TEST(JwkSets, HoldOnlyKeysThatCheckSignatures) {
  const Issuer issuer;
  Json jwk = Json::Object({{"kty", "EC"}, {"crv", "P-256"}, {"kid", "one"}, {"use", "enc"}});
  jwk.Set("x", Base64UrlEncode(issuer.key.X())), jwk.Set("y", Base64UrlEncode(issuer.key.Y()));
  Json secret = Json::Object({{"kty", "oct"}, {"k", "AAAA"}, {"alg", "HS256"}});
  Json short_key = Json::Object({{"kty", "RSA"}, {"n", Base64UrlEncode(std::string(128, '\x81'))}, {"e", "AQAB"}});
  Json no_point = Json::Object({{"kty", "EC"}, {"crv", "P-256"}, {"x", jwk["y"]}, {"y", jwk["x"]}});
  const Json keys = Json::Array({jwk, secret, short_key, no_point, 7, Json()});
  EXPECT_EQ(JwkSet::Read(Json::Object({{"keys", keys}})).value().size(), 0u);
  EXPECT_FALSE(JwkSet::Read(Json()).ok());
  EXPECT_FALSE(JwkSet::Read(Json::Object({{"keys", "x"}})).ok());
}

}  // namespace
}  // namespace atelier
