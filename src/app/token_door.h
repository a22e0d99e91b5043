// Who comes to /mcp with a token of the authorization server that atelier.yaml names: the token's user, as the
// principal "oauth:NAME", whose groups rules of access then know.
//
// A token is looked at before its request's body is read. Where the issuer's keys have to be fetched first that waits
// for the handler: AdmitNow gives nothing then, and who lets such a request through has to ask Admit.
// Loop thread only.   [docs/mcp.md, "Tokens of an authorization server"]
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/protocol/issuer_keys.h"
#include "app/mcp_host_config.h"
#include "app/token_groups.h"
#include "base/clock.h"
#include "base/net/async_http_client.h"

namespace atelier {

class TokenDoor {
 public:
  struct Parts {
    IoLoop& loop;
    const Clock& clock;
    std::shared_ptr<const EgressPolicy> egress;  // for the issuer's keys
    std::shared_ptr<TokenGroups> groups;
  };
  // Errors: those of the configuration.
  static Result<std::unique_ptr<TokenDoor>> Create(Parts parts, McpAuthorizationConfig config);

  // `authorization`: the header, "Bearer …". The principal; nothing: the keys are yet to be fetched. Errors: kDenied
  // (access_token.h; without a code: there is no token).
  Result<std::optional<std::string>> AdmitNow(std::string_view authorization);
  // Errors: as above, and kUnavailable, the issuer's keys cannot be had.
  Task<Result<std::string>> Admit(Call call, std::string authorization);
  // Until when a token that was let in stays good, by the loop's time; now, for what is none.
  Clock::TimePoint Until(std::string_view authorization) const;
  const McpAuthorizationConfig& config() const { return config_; }

 private:
  TokenDoor(Parts parts, McpAuthorizationConfig config, AccessTokenRules rules);
  Result<AccessToken> Read(std::string_view authorization) const;
  Result<std::string> Check(const AccessToken& token, const JwkSet& keys);

  const McpAuthorizationConfig config_;
  const AccessTokenRules rules_;
  Loop& loop_;
  const Clock& clock_;
  const std::shared_ptr<TokenGroups> groups_;
  AsyncHttpClient http_;
  IssuerKeys keys_;
};

}  // namespace atelier
