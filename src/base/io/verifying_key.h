// A public key of somebody else's, made of the parts that a JWK has: says whether a signature is theirs. A key answers
// for its own schemes alone, so that none can be taken for another.   Thread-safe.   [RFC 7518, 3 and 6; RFC 8037]
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace atelier {

// JWS's names of the ways to sign that are checked here. No HMAC: what a public key checks nobody signs with it.
enum class SignatureScheme { kRs256, kPs256, kEs256, kEdDsa };
// "RS256", "PS256", "ES256", "EdDSA"; nothing for any other, "none" and "HS256" among them.
std::optional<SignatureScheme> SignatureSchemeOf(std::string_view name);

class VerifyingKey {
 public:
  // Numbers are big-endian. Errors: kInvalid, it is no such key, or one too short (RSA: 2048 to 8192 bits).
  static Result<VerifyingKey> Rsa(std::string_view modulus, std::string_view exponent);
  static Result<VerifyingKey> P256(std::string_view x, std::string_view y);  // 32 bytes each
  static Result<VerifyingKey> Ed25519(std::string_view x);                   // 32 bytes

  bool Fits(SignatureScheme scheme) const;
  // Whether `signature` is of `text` by this key; false where the scheme does not fit. ES256's are r and s, 32 bytes
  // each.
  bool HasSigned(std::string_view text, std::string_view signature, SignatureScheme scheme) const;

 private:
  struct Impl;
  explicit VerifyingKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace atelier
