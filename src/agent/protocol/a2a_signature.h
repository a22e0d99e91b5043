// Signed agent cards: a JSON Web Signature over the card's canonical JSON, by which who has the public key knows that
// the card is this installation's and unchanged. ES256 alone: one algorithm leaves none to be confused with.
//
//   payload   the card without `signatures` and without what is empty, as RFC 8785 writes it
//   key       P-256, made once, kept in atelier.db; its public half at /.well-known/a2a-keys.json (a JWK set)
//
// Thread-safe.   [A2A 1.0.1, 8.4; RFC 7515, 7517, 7518, 8785]
#pragma once

#include <string>
#include <utility>

#include "base/io/signing_key.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// What is signed of a card.
std::string A2aCanonicalCard(const Json& card);

// What is signed of a foreign card: what 1.0 reads of it. What else it holds (0.3's keys) no signature covers.
Json SignedPartOfA2aCard(const Json& card);
// The signed part of a card that bears a signature by one of `keys`, a JWK set {"keys": [JWK]} that its user trusts:
// the keys that a card itself points to (jku) prove nothing and are not looked at. Errors: kDenied, there is none.
Result<Json> VerifiedA2aCard(const Json& card, const Json& keys);
// The JWK set that a file holds; an empty path: null. Errors: of the file; kInvalid, it holds none.
Result<Json> ReadA2aCardKeys(const std::string& path);

class A2aSigner {
 public:
  // `keys_url`: where the public key is; empty: that is not told.
  A2aSigner(SigningKey key, std::string keys_url) : key_(std::move(key)), keys_url_(std::move(keys_url)) {}
  // {"protected", "signature"}.
  Json Sign(const Json& card) const;
  // {"keys": [JWK]}.
  Json PublicKeys() const;

 private:
  SigningKey key_;
  std::string keys_url_;
};

}  // namespace atelier
