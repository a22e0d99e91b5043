// `mcp` in atelier.yaml: this application as an MCP server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/protocol/access_token.h"
#include "base/result.h"
#include "base/text/describe.h"

namespace atelier {

// The authorization server whose tokens /mcp accepts.   [RFC 9728]
struct McpAuthorizationConfig {
  std::string issuer;                  // as its metadata and its tokens say it, letter by letter
  std::string resource;                // what clients know /mcp by: https://agents.example.org/mcp
  std::vector<std::string> audiences;  // that tokens may be for; of none, the resource
  std::string jwks_url;                // empty: as the issuer's metadata says
  std::vector<std::string> algorithms{"RS256", "ES256", "EdDSA"};
  std::vector<std::string> scopes;  // that every token needs
  std::string user_claim = "sub";
  std::string groups_claim = "groups";
  static Fields Describe();

  // Errors: kInvalid; an algorithm that nobody should accept among them.
  Result<AccessTokenRules> Rules() const;
};

struct McpHostConfig {
  std::optional<McpAuthorizationConfig> authorization;
  static Fields Describe();
};

}  // namespace atelier
