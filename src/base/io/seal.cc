#include "base/io/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>

namespace atelier {
namespace {

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error NotOurs() { return Error::Denied("sealed text", "it was not sealed here for this purpose, or was changed"); }

constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<int8_t, 256> UrlValues() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < kUrlAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kUrlAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}
constexpr auto kUrlValues = UrlValues();

}  // namespace

Sealer::Key Sealer::RandomKey() {
  Key key;
  CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  return key;
}

std::string Sealer::Seal(std::string_view text, std::string_view purpose) const {
  std::string sealed(kNonceBytes + text.size() + kTagBytes, '\0');
  CHECK(RAND_bytes(Bytes(sealed), kNonceBytes) == 1);
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), Bytes(sealed)) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(purpose), static_cast<int>(purpose.size())) == 1);
  unsigned char* const out = Bytes(sealed) + kNonceBytes;
  CHECK(EVP_EncryptUpdate(context.get(), out, &size, Bytes(text), static_cast<int>(text.size())) == 1);
  CHECK(EVP_EncryptFinal_ex(context.get(), out + size, &size) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out + text.size()) == 1);
  return Base64UrlEncode(sealed);
}

Result<std::string> Sealer::Open(std::string_view sealed, std::string_view purpose) const {
  auto decoded = Base64UrlDecode(sealed);
  if (!decoded || decoded->size() < kNonceBytes + kTagBytes) return NotOurs();
  std::string& bytes = *decoded;
  std::string text(bytes.size() - kNonceBytes - kTagBytes, '\0');
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), Bytes(bytes)) == 1);
  CHECK(EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(purpose), static_cast<int>(purpose.size())) == 1);
  CHECK(EVP_DecryptUpdate(context.get(), Bytes(text), &size, Bytes(bytes) + kNonceBytes,
                          static_cast<int>(text.size())) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, Bytes(bytes) + kNonceBytes + text.size()) ==
        1);
  if (EVP_DecryptFinal_ex(context.get(), Bytes(text) + text.size(), &size) != 1) return NotOurs();
  return text;
}

std::string RandomHex(size_t num_bytes) {
  std::string bytes(num_bytes, '\0');
  CHECK(RAND_bytes(Bytes(bytes), static_cast<int>(num_bytes)) == 1);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (num_bits += 8; num_bits >= 6;) text += kUrlAlphabet[bits >> (num_bits -= 6) & 63];
  }
  if (num_bits > 0) text += kUrlAlphabet[bits << (6 - num_bits) & 63];
  return text;
}

Result<std::string> Base64UrlDecode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    const int value = kUrlValues[static_cast<uint8_t>(c)];
    if (value < 0) return Error::Invalid("base64url", "got a character outside the alphabet");
    bits = bits << 6 | static_cast<uint32_t>(value);
    if ((num_bits += 6) >= 8) bytes += static_cast<char>(bits >> (num_bits -= 8) & 255);
  }
  if (num_bits == 6 || (bits & ((1u << num_bits) - 1)) != 0) return Error::Invalid("base64url", "got stray bits");
  return bytes;
}

std::string Sha256Bytes(std::string_view text) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), Bytes(digest), &size, EVP_sha256(), nullptr) == 1 && size == 32);
  return digest;
}

}  // namespace atelier
