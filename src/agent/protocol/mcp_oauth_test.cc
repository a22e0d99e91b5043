#include "agent/protocol/mcp_oauth.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

Url Parsed(const char* text) { return *Url::Parse(text); }

TEST(BearerChallenge, IsReadAmongOthers) {
  const HttpHeaders headers{
      {"WWW-Authenticate", R"(Basic realm="a, b", Bearer error="insufficient_scope", scope="x y", n=7)"},
      {"www-authenticate", R"(Digest scope="z")"}};
  const auto read = ReadBearerChallenge(headers);
  EXPECT_EQ(read.at("scope"), "x y");
  EXPECT_EQ(read.at("error"), "insufficient_scope");
  EXPECT_EQ(read.at("n"), "7");
  EXPECT_FALSE(read.contains("realm"));
}

TEST(BearerChallenge, SurvivesAnything) {
  for (const char* text : {"", "Bearer", "Bearer a=", "Bearer a=\"", "Bearer a=\"\\", "=", "\"", ",,,", "bEaReR a=b,",
                           "Bearer a b c", "\x01\x02", "Bearer a=\"x\"b=\"y\""}) {
    ReadBearerChallenge(HttpHeaders{{"WWW-Authenticate", text}});
  }
  EXPECT_EQ(ReadBearerChallenge(HttpHeaders{{"WWW-Authenticate", "bEaReR a=b,"}}).at("a"), "b");
}

TEST(McpOAuth, LooksForMetadataInTheSpecificationsOrder) {
  EXPECT_EQ(ResourceMetadataUrls(Parsed("https://e.org/public/mcp")),
            (std::vector<std::string>{"https://e.org/.well-known/oauth-protected-resource/public/mcp",
                                      "https://e.org/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(ResourceMetadataUrls(Parsed("https://e.org/")),
            (std::vector<std::string>{"https://e.org/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(IssuerMetadataUrls(Parsed("https://a.org/tenant1")),
            (std::vector<std::string>{"https://a.org/.well-known/oauth-authorization-server/tenant1",
                                      "https://a.org/.well-known/openid-configuration/tenant1",
                                      "https://a.org/tenant1/.well-known/openid-configuration"}));
  EXPECT_EQ(IssuerMetadataUrls(Parsed("https://a.org")).size(), 2u);
}

TEST(McpOAuth, ATokenIsForTheServerItWasMadeFor) {
  const Url server = Parsed("https://e.org/a/mcp");
  for (const char* good : {"https://e.org", "https://e.org/a", "https://e.org/a/mcp", "https://e.org/a/mcp/"}) {
    EXPECT_TRUE(IsResourceOf(Parsed(good), server)) << good;
  }
  for (const char* bad : {"http://e.org/a/mcp", "https://e.org:444/a/mcp", "https://evil.org/a/mcp",
                          "https://e.org/a/mcp2", "https://e.org/a/m", "https://e.org/a/mcp/below"}) {
    EXPECT_FALSE(IsResourceOf(Parsed(bad), server)) << bad;
  }
}

}  // namespace
}  // namespace atelier
