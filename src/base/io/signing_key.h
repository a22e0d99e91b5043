// An ECDSA key on P-256 of ours: signs, and is told to others by its public half (verifying_key.h).   Thread-safe.
// [FIPS 186-5; RFC 7518, 3.4]
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

class SigningKey {
 public:
  static SigningKey Make();
  // A PEM of PKCS #8. Errors: kCorrupt.
  static Result<SigningKey> FromPem(std::string_view pem);
  std::string ToPem() const;

  // r and s, 32 bytes each, of SHA-256 of the text: JWS's ES256.
  std::string Sign(std::string_view text) const;
  // The public point, 32 bytes each.
  std::string X() const;
  std::string Y() const;

 private:
  struct Impl;
  explicit SigningKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace atelier
