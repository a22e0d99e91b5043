#include "agent/protocol/a2a_signature.h"

#include <utility>

#include "agent/protocol/jws.h"
#include "base/io/files.h"
#include "base/io/seal.h"
#include "base/io/sha256.h"

namespace atelier {
namespace {

// Without what is empty; null: nothing is left.
Json Cleaned(const Json& value) {
  if (value.is_string() && value.AsString().empty()) return Json();
  if (value.is_array()) {
    Json out = Json::Array();
    for (const Json& item : value.items()) {
      Json kept = Cleaned(item);
      if (!kept.is_null()) out.Push(std::move(kept));
    }
    return out.empty() ? Json() : out;
  }
  if (!value.is_object()) return value;
  Json out = Json::Object();
  for (const JsonMember& member : value.members()) {
    Json kept = Cleaned(member.value);
    if (!kept.is_null()) out.Set(member.key, std::move(kept));
  }
  return out.empty() ? Json() : out;
}

Json Jwk(const SigningKey& key) {
  const std::string x = Base64UrlEncode(key.X()), y = Base64UrlEncode(key.Y());
  Json jwk = Json::Object({{"crv", "P-256"}, {"kty", "EC"}, {"x", x}, {"y", y}});
  // Its thumbprint names it.   [RFC 7638]
  const std::string name = Base64UrlEncode(Sha256Bytes(jwk.Dump()));
  jwk.Set("kid", name), jwk.Set("use", "sig"), jwk.Set("alg", "ES256");
  return jwk;
}

constexpr size_t kMaxSignatures = 16;  // looked at

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

// Of `object` the members named; all else goes.
Json Only(const Json& object, std::initializer_list<std::string_view> names) {
  Json out = Json::Object();
  for (const std::string_view name : names) {
    if (object.is_object() && object.Has(name)) out.Set(name, object[name]);
  }
  return out;
}

// Whether one of `keys` made the signature of the text that `payload` is.
bool IsByOneOf(const JwkSet& keys, const Json& signature, std::string_view payload) {
  constexpr SignatureScheme kAllowed[] = {SignatureScheme::kEs256};
  const std::string protected_part = TextAt(signature, "protected");
  const Result<JwsHeader> header = ReadJwsHeader(protected_part, kAllowed);
  const Result<std::string> bytes = Base64UrlDecode(TextAt(signature, "signature"));
  if (!header.ok() || !bytes.ok()) return false;
  return keys.HaveSigned(*header, protected_part + "." + Base64UrlEncode(payload), *bytes);
}

}  // namespace

Json SignedPartOfA2aCard(const Json& card) {
  Json out = Only(card, {"name", "description", "supportedInterfaces", "provider", "version", "documentationUrl",
                         "capabilities", "securitySchemes", "securityRequirements", "defaultInputModes",
                         "defaultOutputModes", "skills", "iconUrl"});
  if (!out["securitySchemes"].is_object()) return out;
  Json schemes = Json::Object();
  for (const JsonMember& member : out["securitySchemes"].members()) {
    schemes.Set(member.key,
                Only(member.value, {"apiKeySecurityScheme", "httpAuthSecurityScheme", "oauth2SecurityScheme",
                                    "openIdConnectSecurityScheme", "mtlsSecurityScheme"}));
  }
  out.Set("securitySchemes", std::move(schemes));
  return out;
}

Result<Json> VerifiedA2aCard(const Json& card, const Json& keys) {
  const Json& signatures = card["signatures"];
  const Result<JwkSet> set = JwkSet::Read(keys);
  if (signatures.is_array() && set.ok()) {
    Json signed_part = SignedPartOfA2aCard(card);
    const std::string payload = A2aCanonicalCard(signed_part);
    size_t looked_at = 0;
    for (const Json& signature : signatures.items()) {
      if (++looked_at > kMaxSignatures) break;
      if (IsByOneOf(*set, signature, payload)) return signed_part;
    }
  }
  return Error::Denied("agent card", "got no signature (ES256) by one of the keys that are trusted, want one");
}

Result<Json> ReadA2aCardKeys(const std::string& path) {
  if (path.empty()) return Json();
  Result<std::string> text = ReadWholeFile(Files::Real(), path, 1 << 20);
  if (!text.ok()) return std::move(text).error().Under("card_keys");
  Result<Json> keys = Json::Parse(*text);
  if (!keys.ok() || !(*keys)["keys"].is_array()) {
    return Error::Invalid("card_keys", "got '" + path + "', which holds no JWK set ({\"keys\": […]})");
  }
  return keys;
}

std::string A2aCanonicalCard(const Json& card) {
  Json signed_part = card;
  signed_part.Erase("signatures");
  // Cards hold texts, booleans, lists and objects with ASCII keys alone: sorted by code point they are RFC 8785's.
  return Cleaned(signed_part).Dump({.sort_keys = true});
}

Json A2aSigner::Sign(const Json& card) const {
  const Json jwk = Jwk(key_);
  Json header = Json::Object({{"alg", "ES256"}, {"typ", "JOSE"}, {"kid", jwk["kid"]}});
  if (!keys_url_.empty()) header.Set("jku", keys_url_);
  const std::string protected_part = Base64UrlEncode(header.Dump());
  const std::string text = protected_part + "." + Base64UrlEncode(A2aCanonicalCard(card));
  return Json::Object({{"protected", protected_part}, {"signature", Base64UrlEncode(key_.Sign(text))}});
}

Json A2aSigner::PublicKeys() const { return Json::Object({{"keys", Json::Array({Jwk(key_)})}}); }

}  // namespace atelier
