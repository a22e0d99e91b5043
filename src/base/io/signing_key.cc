#include "base/io/signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
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

// Null: it is no point of the curve.
Key PublicKey(std::string_view x, std::string_view y) {
  const std::string point = "\x04" + std::string(x) + std::string(y);
  std::string group = "prime256v1";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<char*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1) return Key(nullptr, EVP_PKEY_free);
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) key = nullptr;
  return Key(key, EVP_PKEY_free);
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

bool IsSignedBy(std::string_view text, std::string_view signature, std::string_view x, std::string_view y) {
  if (signature.size() != 2 * kHalf || x.size() != kHalf || y.size() != kHalf) return false;
  const Key key = PublicKey(x, y);
  if (!key) return false;
  const Signature parts(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* const r = BN_bin2bn(Bytes(signature), static_cast<int>(kHalf), nullptr);
  BIGNUM* const s = BN_bin2bn(Bytes(signature) + kHalf, static_cast<int>(kHalf), nullptr);
  CHECK(ECDSA_SIG_set0(parts.get(), r, s) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  CHECK(size > 0);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(der, [](unsigned char* p) { OPENSSL_free(p); });
  const Digest context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  CHECK(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  return EVP_DigestVerify(context.get(), der, static_cast<size_t>(size), Bytes(text), text.size()) == 1;
}

}  // namespace atelier
