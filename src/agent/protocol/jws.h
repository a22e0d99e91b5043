// JSON Web Signatures of others: who has signed, by a set of keys that we trust. Of signed agent cards
// (a2a_signature.h) and of access tokens (access_token.h).
//
// The algorithm is the header's word, so it must be one of those that the reader allows and the key's own: "none" and
// HMAC are not among those there are. What a header calls critical is not known here and makes it worth nothing. Keys
// that a header brings along or points to (jwk, jku, x5c) are not looked at.   Thread-safe.   [RFC 7515, 7517, 7518]
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/verifying_key.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// A protected header.
struct JwsHeader {
  SignatureScheme scheme;
  std::string key_id = {};  // kid; empty: it names none
  std::string type = {};    // typ
};
// Of its base64url. Errors: kDenied.
Result<JwsHeader> ReadJwsHeader(std::string_view encoded, std::span<const SignatureScheme> allowed);

// The three parts of the compact form, decoded where they are bytes.
struct CompactJws {
  std::string header, signed_text, payload, signature;
  // Errors: kDenied, it is none.
  static Result<CompactJws> Read(std::string_view text);
};

class JwkSet {
 public:
  // Of {"keys": [JWK]}, at most 64 of them. Keys that cannot check signatures (another use, curve or type, too short)
  // are passed over. Errors: kInvalid, it is no JWK set.
  static Result<JwkSet> Read(const Json& set);

  bool HasId(std::string_view key_id) const;
  size_t size() const { return keys_.size(); }
  // Whether one of the keys that the header may mean has signed the text.
  bool HaveSigned(const JwsHeader& header, std::string_view text, std::string_view signature) const;

 private:
  struct Key {
    std::string id;
    std::optional<SignatureScheme> only;  // the JWK's alg
    VerifyingKey key;
  };
  static std::optional<Key> ReadKey(const Json& jwk);
  std::vector<Key> keys_;
};

}  // namespace atelier
