#include "agent/protocol/mcp_credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace atelier {
namespace {

TEST(McpCredentials, AreKeptByIssuerInAFolderThatIsClosedToOthers) {
  char name[] = "/tmp/mcp_credentials_XXXXXX";
  const std::string folder = std::string(mkdtemp(name)) + "/mcp";
  {
    McpCredentialFile file(Files::Real(), folder);
    EXPECT_FALSE(file.FindTokens("https://a", "https://r"));
    file.KeepClient("https://a", {.client_id = "us", .client_secret = "s", .auth_method = "client_secret_post"});
    file.KeepTokens("https://a", "https://r", {.access_token = "t", .refresh_token = "f", .scope = "read"});
    file.KeepTokens("https://a", "https://other", {.access_token = "o"});
    EXPECT_FALSE(file.fault());
  }
  McpCredentialFile file(Files::Real(), folder);
  EXPECT_EQ(file.FindClient("https://a")->client_secret, "s");
  EXPECT_EQ(file.FindTokens("https://a", "https://r")->refresh_token, "f");
  EXPECT_EQ(file.FindTokens("https://a", "https://other")->access_token, "o");
  EXPECT_FALSE(file.FindTokens("https://b", "https://r"));
  EXPECT_FALSE(file.FindClient("https://b"));
  EXPECT_EQ(std::filesystem::status(folder).permissions(), std::filesystem::perms::owner_all);
  std::filesystem::remove_all(std::filesystem::path(folder).parent_path());
}

TEST(McpCredentials, WhatCannotBeKeptIsSaid) {
  McpCredentialFile file(Files::Real(), "/dev/null/mcp");
  file.KeepTokens("https://a", "https://r", {.access_token = "t"});
  EXPECT_TRUE(file.fault());
}

}  // namespace
}  // namespace atelier
