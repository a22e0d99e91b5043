#include "app/token_door.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/protocol/mcp_oauth.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::string_view kBearer = "Bearer ";

IssuerKeys::Options OptionsOf(const McpAuthorizationConfig& config) {
  IssuerKeys::Options options{.issuer = config.issuer, .jwks_url = config.jwks_url};
  options.on_fault = [issuer = config.issuer](const Error& error) {
    LogError("keys of " + issuer + ": " + error.Message());
  };
  return options;
}

}  // namespace

Result<std::unique_ptr<TokenDoor>> TokenDoor::Create(Parts parts, McpAuthorizationConfig config) {
  Result<AccessTokenRules> rules = config.Rules();
  if (!rules.ok()) return std::move(rules).error().Under("mcp.authorization");
  return std::unique_ptr<TokenDoor>(new TokenDoor(std::move(parts), std::move(config), std::move(*rules)));
}

TokenDoor::TokenDoor(Parts parts, McpAuthorizationConfig config, AccessTokenRules rules)
    : config_(std::move(config)),
      rules_(std::move(rules)),
      loop_(parts.loop),
      clock_(parts.clock),
      groups_(std::move(parts.groups)),
      http_(parts.loop),
      keys_(parts.loop, OptionsOf(config_), [this, egress = parts.egress](Call call, std::string url) {
        return GetOAuthDocument(http_, egress, std::move(call), std::move(url));
      }) {}

Clock::TimePoint TokenDoor::Until(std::string_view authorization) const {
  const Clock::TimePoint now = loop_.Now();
  if (!Read(authorization).ok()) return now;
  // A good token has a good payload, with a time at which it ends.
  const Result<CompactJws> jws = CompactJws::Read(authorization.substr(kBearer.size()));
  const Result<Json> claims = jws.ok() ? Json::Parse(jws->payload) : jws.error();
  if (!claims.ok() || !(*claims)["exp"].is_number()) return now;
  const double end = (*claims)["exp"].AsDouble() + static_cast<double>(rules_.leeway.count());
  constexpr double kLong = 1e8;  // three years: no stream lives so long
  const double seconds = std::clamp(end - static_cast<double>(clock_.UnixNanos()) / 1e9, 0.0, kLong);
  return now + std::chrono::duration_cast<Clock::TimePoint::duration>(std::chrono::duration<double>(seconds));
}

Result<AccessToken> TokenDoor::Read(std::string_view authorization) const {
  if (!authorization.starts_with(kBearer)) {
    return Error::Denied("", "got no token, want one in the header Authorization: Bearer …");
  }
  return AccessToken::Read(authorization.substr(kBearer.size()), rules_, clock_.UnixNanos() / 1'000'000'000);
}

Result<std::string> TokenDoor::Check(const AccessToken& token, const JwkSet& keys) {
  TRY(AccessTokenUser user, token.Check(keys));
  std::string principal = std::string(kTokenUser) + user.name;
  groups_->Keep(principal, std::move(user.groups));
  return principal;
}

Result<std::optional<std::string>> TokenDoor::AdmitNow(std::string_view authorization) {
  TRY(const AccessToken token, Read(authorization));
  const IssuerKeys::Keys keys = keys_.Known();
  if (!keys) return std::optional<std::string>();
  Result<std::string> principal = Check(token, *keys);
  if (principal.ok()) return std::optional(std::move(*principal));
  // By a key that is not among those that are known: there may be newer ones.
  const bool is_strange = token.key_id().empty() || !keys->HasId(token.key_id());
  if (principal.error().code == kInvalidToken && is_strange && keys_.MayAsk()) return std::optional<std::string>();
  return std::move(principal).error();
}

Task<Result<std::string>> TokenDoor::Admit(Call call, std::string authorization) {
  CO_TRY(const AccessToken token, Read(authorization));
  CO_TRY(const IssuerKeys::Keys keys, co_await keys_.Ask(std::move(call)));
  co_return Check(token, *keys);
}

}  // namespace atelier
