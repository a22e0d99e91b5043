#include "base/io/signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

namespace atelier {
namespace {

constexpr size_t kHalf = 32;  // bytes of r, s, x and y

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Signature = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string Padded(const BIGNUM* number) {
  std::string bytes(kHalf, '\0');
  CHECK(BN_bn2binpad(number, Bytes(bytes), static_cast<int>(kHalf)) == static_cast<int>(kHalf));
  return bytes;
}

std::string Coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const Number owner(number, BN_free);
  return Padded(number);
}

}  // namespace

struct SigningKey::Impl {
  Key key;
};

SigningKey SigningKey::Make() {
  Key key(EVP_EC_gen("prime256v1"), EVP_PKEY_free);
  CHECK(key != nullptr);
  return SigningKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

Result<SigningKey> SigningKey::FromPem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_EC || EVP_PKEY_get_bits(key.get()) != 256) {
    return Error::Corrupt("signing key", "got no PEM of a private key on P-256");
  }
  return SigningKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

std::string SigningKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  CHECK(PEM_write_bio_PrivateKey(bio.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string SigningKey::Sign(std::string_view text) const {
  const Digest context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY* const key = impl_->key.get();
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1);
  size_t size = 0;
  CHECK(EVP_DigestSign(context.get(), nullptr, &size, Bytes(text), text.size()) == 1);
  std::string der(size, '\0');
  CHECK(EVP_DigestSign(context.get(), Bytes(der), &size, Bytes(text), text.size()) == 1);
  const unsigned char* at = Bytes(der);
  const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
  CHECK(signature != nullptr);
  return Padded(ECDSA_SIG_get0_r(signature.get())) + Padded(ECDSA_SIG_get0_s(signature.get()));
}

std::string SigningKey::X() const { return Coordinate(impl_->key.get(), OSSL_PKEY_PARAM_EC_PUB_X); }
std::string SigningKey::Y() const { return Coordinate(impl_->key.get(), OSSL_PKEY_PARAM_EC_PUB_Y); }

}  // namespace atelier
