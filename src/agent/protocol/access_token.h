// Access tokens of an authorization server, as JWTs: whether one lets its bearer in here, and who that is.
//
// A token is good where the issuer's key has signed it by an allowed algorithm, `iss` is the issuer letter by letter,
// `aud` names us, `exp` is to come and `nbf` and `iat` are past (with some leeway for clocks), and it is no other kind
// of token (`typ`) nor bound to a key that its bearer would have to prove (`cnf`). All of the wanted scopes must be
// there.   Pure.   [RFC 7519; 9068, 4; 8707; 8725; OAuth 2.1, 5.2]
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/jws.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct AccessTokenRules {
  std::string issuer;
  std::vector<std::string> audiences;  // one of them
  std::vector<SignatureScheme> schemes;
  std::vector<std::string> scopes = {};  // all of them
  std::string user_claim = "sub";
  std::string groups_claim = "groups";
  std::chrono::seconds leeway{60};
};

struct AccessTokenUser {
  std::string name;
  std::vector<std::string> groups = {};
};

// Codes of errors (kDenied): it is no good token (401); it is one that does not reach so far (403).   [RFC 6750, 3.1]
inline constexpr char kInvalidToken[] = "invalid_token", kInsufficientScope[] = "insufficient_scope";

// A token that is read and keeps all rules, but for its signature, which is yet to be checked.
class AccessToken {
 public:
  // Errors: kDenied with one of the codes above.
  static Result<AccessToken> Read(std::string_view text, const AccessTokenRules& rules, int64_t unix_seconds);

  const std::string& key_id() const { return header_.key_id; }
  // Whom it lets in. Errors: kDenied, none of the keys has signed it.
  Result<AccessTokenUser> Check(const JwkSet& keys) const;

 private:
  AccessToken(JwsHeader header, CompactJws jws, AccessTokenUser user, bool reaches)
      : header_(std::move(header)), jws_(std::move(jws)), user_(std::move(user)), reaches_(reaches) {}
  JwsHeader header_;
  CompactJws jws_;
  AccessTokenUser user_;
  bool reaches_;  // has the scopes: told only to whoever has a token that is good
};

}  // namespace atelier
