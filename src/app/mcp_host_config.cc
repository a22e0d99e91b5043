#include "app/mcp_host_config.h"

#include "agent/protocol/mcp_oauth.h"

namespace atelier {

Fields McpAuthorizationConfig::Describe() {
  using C = McpAuthorizationConfig;
  static constexpr Field fields[] = {
      Key<&C::issuer>("issuer", "the authorization server, as its tokens say it (https://login.example.org)")
          .Required(),
      Key<&C::resource>("resource", "what clients know /mcp by (https://agents.example.org/mcp)").Required(),
      Key<&C::audiences>("audiences", "that tokens may be for; of none, the resource"),
      Key<&C::jwks_url>("jwks_url", "where its keys are; empty: as its metadata says"),
      Key<&C::algorithms>("algorithms", "that its tokens may be signed by: RS256, PS256, ES256, EdDSA"),
      Key<&C::scopes>("scopes", "that every token needs"),
      Key<&C::user_claim>("user_claim", "who the token is of"),
      Key<&C::groups_claim>("groups_claim", "that its user is in, for access"),
  };
  return fields;
}

Fields McpHostConfig::Describe() {
  static constexpr Field fields[] = {
      Key<&McpHostConfig::authorization>("authorization", "the authorization server whose tokens /mcp accepts"),
  };
  return fields;
}

Result<AccessTokenRules> McpAuthorizationConfig::Rules() const {
  TRY_VOID(CheckOAuthEndpoint("issuer", issuer));
  TRY_VOID(CheckOAuthEndpoint("resource", resource));
  if (!jwks_url.empty()) TRY_VOID(CheckOAuthEndpoint("jwks_url", jwks_url));
  AccessTokenRules rules{.issuer = issuer, .audiences = audiences, .schemes = {}, .scopes = scopes};
  if (rules.audiences.empty()) rules.audiences = {resource};
  rules.user_claim = user_claim, rules.groups_claim = groups_claim;
  if (algorithms.empty()) return Error::Invalid("algorithms", "got none, want RS256, PS256, ES256 or EdDSA");
  for (const std::string& name : algorithms) {
    const std::optional<SignatureScheme> scheme = SignatureSchemeOf(name);
    if (!scheme) return Error::Invalid("algorithms", "got '" + name + "', want RS256, PS256, ES256 or EdDSA");
    rules.schemes.push_back(*scheme);
  }
  return rules;
}

}  // namespace atelier
