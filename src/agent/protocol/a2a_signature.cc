#include "agent/protocol/a2a_signature.h"

#include <utility>

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

}  // namespace

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
