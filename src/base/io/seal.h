// Text that others keep for us and give back: they can neither read nor change it. AES-256-GCM under a key of this
// process or one that several share; what opens was sealed under the same key, for the same purpose.
//
// Sealed text is base64url: 12 bytes nonce, ciphertext, 16 bytes tag; `purpose` is authenticated beside it. A key must
// not seal more than 2^32 texts (random nonces).   Thread-safe.   [NIST SP 800-38D]
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

class Sealer {
 public:
  using Key = std::array<uint8_t, 32>;
  static Key RandomKey();
  explicit Sealer(Key key = RandomKey()) : key_(key) {}

  std::string Seal(std::string_view text, std::string_view purpose) const;
  // kDenied where it was not sealed so, or was changed.
  Result<std::string> Open(std::string_view sealed, std::string_view purpose) const;

 private:
  Key key_;
};

// `num_bytes` of the system's randomness as lower-case hex: ids that nobody can guess.
std::string RandomHex(size_t num_bytes);
// Base64 with '-' and '_' and without padding.   [RFC 4648, section 5]
std::string Base64UrlEncode(std::string_view bytes);
// Strict: nothing where `text` has other characters or stray bits.
Result<std::string> Base64UrlDecode(std::string_view text);
// The digest itself, 32 bytes.
std::string Sha256Bytes(std::string_view text);

}  // namespace atelier
