// Credentials and tokens of MCP servers, by issuer, in a file of a folder that nobody else may enter (mode 0700). Each
// look reads the file: another process may have logged in, or renewed a token.   Thread-safe between processes as far
// as a whole file replaces another; of two that renew at once, one's tokens are kept.
#pragma once

#include <optional>
#include <string>

#include "agent/protocol/mcp_oauth.h"
#include "base/io/files.h"

namespace atelier {

class McpCredentialFile final : public McpCredentialStore {
 public:
  // The folder is made when something is kept.
  McpCredentialFile(Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  std::optional<McpOAuthClient> FindClient(const std::string& issuer) override;
  void KeepClient(const std::string& issuer, McpOAuthClient client) override;
  std::optional<McpOAuthTokens> FindTokens(const std::string& issuer, const std::string& resource) override;
  void KeepTokens(const std::string& issuer, const std::string& resource, McpOAuthTokens tokens) override;
  // Why what was kept last is not on the disk, if it is not.
  const std::optional<Error>& fault() const { return fault_; }

 private:
  Json Read() const;
  void Write(const Json& all);
  std::string path() const { return folder_ + "/tokens.json"; }

  Files& files_;
  const std::string folder_;
  std::optional<Error> fault_;
};

}  // namespace atelier
