#include "base/io/verifying_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kHalf = 32;  // bytes of r, s, x and y
constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;
constexpr size_t kMaxExponentBytes = 8;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Parameters = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;
using Signature = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Number NumberOf(std::string_view bytes) {
  return Number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr), BN_free);
}

// Null: OpenSSL takes these for no key.
Key KeyOf(const char* type, OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1) return Key(nullptr, EVP_PKEY_free);
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) key = nullptr;
  return Key(key, EVP_PKEY_free);
}

// As ECDSA's own form has r and s.
std::string DerOf(std::string_view signature) {
  const Signature parts(ECDSA_SIG_new(), ECDSA_SIG_free);
  Number r = NumberOf(signature.substr(0, kHalf)), s = NumberOf(signature.substr(kHalf));
  CHECK(ECDSA_SIG_set0(parts.get(), r.release(), s.release()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  CHECK(size > 0);
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::optional<SignatureScheme> SignatureSchemeOf(std::string_view name) {
  if (name == "RS256") return SignatureScheme::kRs256;
  if (name == "PS256") return SignatureScheme::kPs256;
  if (name == "ES256") return SignatureScheme::kEs256;
  if (name == "EdDSA") return SignatureScheme::kEdDsa;
  return std::nullopt;
}

struct VerifyingKey::Impl {
  Key key;
};

Result<VerifyingKey> VerifyingKey::Rsa(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kMaxRsaBits / 8 + 1 || exponent.empty() || exponent.size() > kMaxExponentBytes) {
    return Error::Invalid("RSA key", "got a modulus or an exponent of no such size");
  }
  const Number n = NumberOf(modulus), e = NumberOf(exponent);
  const int bits = BN_num_bits(n.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return Error::Invalid("RSA key", "got " + std::to_string(bits) + " bits, want 2048 to 8192");
  }
  const Builder builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1);
  CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
  Key key = KeyOf("RSA", parameters.get());
  if (!key || !BN_is_odd(e.get()) || BN_is_one(e.get())) return Error::Invalid("RSA key", "got no public key");
  return VerifyingKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

Result<VerifyingKey> VerifyingKey::P256(std::string_view x, std::string_view y) {
  if (x.size() != kHalf || y.size() != kHalf) return Error::Invalid("P-256 key", "want 32 bytes each of x and y");
  std::string point = "\x04" + std::string(x) + std::string(y), group = "prime256v1";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                             OSSL_PARAM_construct_end()};
  Key key = KeyOf("EC", parameters);
  if (!key) return Error::Invalid("P-256 key", "got no point of the curve");
  return VerifyingKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

Result<VerifyingKey> VerifyingKey::Ed25519(std::string_view x) {
  if (x.size() != kHalf) return Error::Invalid("Ed25519 key", "want 32 bytes");
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(x), x.size()), EVP_PKEY_free);
  if (!key) return Error::Invalid("Ed25519 key", "got no public key");
  return VerifyingKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

bool VerifyingKey::Fits(SignatureScheme scheme) const {
  const int type = EVP_PKEY_get_id(impl_->key.get());
  if (scheme == SignatureScheme::kEs256) return type == EVP_PKEY_EC;
  return type == (scheme == SignatureScheme::kEdDsa ? EVP_PKEY_ED25519 : EVP_PKEY_RSA);
}

bool VerifyingKey::HasSigned(std::string_view text, std::string_view signature, SignatureScheme scheme) const {
  if (!Fits(scheme)) return false;
  if (scheme == SignatureScheme::kEs256 && signature.size() != 2 * kHalf) return false;
  const std::string bytes = scheme == SignatureScheme::kEs256 ? DerOf(signature) : std::string(signature);
  const Digest context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  const EVP_MD* const hash = scheme == SignatureScheme::kEdDsa ? nullptr : EVP_sha256();
  CHECK(EVP_DigestVerifyInit(context.get(), &padding, hash, nullptr, impl_->key.get()) == 1);
  if (scheme == SignatureScheme::kPs256) {
    CHECK(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  return EVP_DigestVerify(context.get(), Bytes(bytes), bytes.size(), Bytes(text), text.size()) == 1;
}

}  // namespace atelier
