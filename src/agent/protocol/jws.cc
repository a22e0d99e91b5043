#include "agent/protocol/jws.h"

#include <algorithm>
#include <utility>

#include "base/io/seal.h"

namespace atelier {
namespace {

constexpr size_t kMaxKeys = 64;

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

std::string BytesAt(const Json& object, std::string_view key) {
  Result<std::string> bytes = Base64UrlDecode(TextAt(object, key));
  return bytes.ok() ? std::move(*bytes) : std::string();
}

// Whether the JWK says, if anything, that it checks signatures.
bool IsForSignatures(const Json& jwk) {
  if (jwk.Has("use") && TextAt(jwk, "use") != "sig") return false;
  const Json& operations = jwk["key_ops"];
  if (!operations.is_array()) return !jwk.Has("key_ops");
  return std::ranges::any_of(operations.items(), [](const Json& one) { return one == Json("verify"); });
}

Result<VerifyingKey> KeyOf(const Json& jwk) {
  const std::string type = TextAt(jwk, "kty"), curve = TextAt(jwk, "crv");
  if (type == "RSA") return VerifyingKey::Rsa(BytesAt(jwk, "n"), BytesAt(jwk, "e"));
  if (type == "EC" && curve == "P-256") return VerifyingKey::P256(BytesAt(jwk, "x"), BytesAt(jwk, "y"));
  if (type == "OKP" && curve == "Ed25519") return VerifyingKey::Ed25519(BytesAt(jwk, "x"));
  return Error::Unsupported("kty", "got '" + type.substr(0, 16) + "', want RSA, EC or OKP");
}

Error NoToken(std::string what) { return Error::Denied("signature", std::move(what)); }

}  // namespace

Result<JwsHeader> ReadJwsHeader(std::string_view encoded, std::span<const SignatureScheme> allowed) {
  const Result<std::string> text = Base64UrlDecode(encoded);
  if (!text.ok()) return NoToken("got a header that is no base64url");
  const Result<Json> header = Json::Parse(*text);
  if (!header.ok() || !header->is_object()) return NoToken("got a header that is no JSON object");
  const std::string name = TextAt(*header, "alg");
  const std::optional<SignatureScheme> scheme = SignatureSchemeOf(name);
  if (!scheme || std::ranges::find(allowed, *scheme) == allowed.end()) {
    return NoToken("alg: got '" + name.substr(0, 16) + "', which is not accepted");
  }
  if (header->Has("crit")) return NoToken("crit: got one, want none");  // [RFC 7515, 4.1.11]
  return JwsHeader{.scheme = *scheme, .key_id = TextAt(*header, "kid"), .type = TextAt(*header, "typ")};
}

Result<CompactJws> CompactJws::Read(std::string_view text) {
  const size_t first = text.find('.'), second = text.find('.', first == text.npos ? first : first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return NoToken("got no three parts with dots");
  CompactJws jws;
  jws.header = text.substr(0, first);
  jws.signed_text = text.substr(0, second);
  Result<std::string> payload = Base64UrlDecode(text.substr(first + 1, second - first - 1));
  Result<std::string> signature = Base64UrlDecode(text.substr(second + 1));
  if (!payload.ok() || !signature.ok()) return NoToken("got parts that are no base64url");
  jws.payload = std::move(*payload), jws.signature = std::move(*signature);
  return jws;
}

std::optional<JwkSet::Key> JwkSet::ReadKey(const Json& jwk) {
  if (!jwk.is_object() || !IsForSignatures(jwk)) return std::nullopt;
  std::optional<SignatureScheme> only;
  if (jwk.Has("alg")) {
    only = SignatureSchemeOf(TextAt(jwk, "alg"));
    if (!only) return std::nullopt;
  }
  Result<VerifyingKey> key = KeyOf(jwk);
  if (!key.ok()) return std::nullopt;
  return Key{TextAt(jwk, "kid"), only, std::move(*key)};
}

Result<JwkSet> JwkSet::Read(const Json& set) {
  const Json& keys = set["keys"];
  if (!keys.is_array()) return Error::Invalid("keys", "got no JWK set, want {\"keys\": […]}");
  JwkSet read;
  for (const Json& jwk : keys.items()) {
    if (read.keys_.size() >= kMaxKeys) break;
    if (std::optional<Key> key = ReadKey(jwk)) read.keys_.push_back(std::move(*key));
  }
  return read;
}

bool JwkSet::HasId(std::string_view key_id) const {
  return std::ranges::any_of(keys_, [&](const Key& key) { return key.id == key_id; });
}

bool JwkSet::HaveSigned(const JwsHeader& header, std::string_view text, std::string_view signature) const {
  return std::ranges::any_of(keys_, [&](const Key& key) {
    if (!header.key_id.empty() && !key.id.empty() && header.key_id != key.id) return false;
    if (key.only && *key.only != header.scheme) return false;
    return key.key.HasSigned(text, signature, header.scheme);
  });
}

}  // namespace atelier
