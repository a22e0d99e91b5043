#include "agent/protocol/access_token.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxTokenBytes = 16 << 10;
constexpr size_t kMaxNameBytes = 256;
constexpr int64_t kMaxGroups = 256;

Error Bad(const std::string& where, std::string what) {
  return Error::Denied("token" + (where.empty() ? "" : "." + where), std::move(what)).WithCode(kInvalidToken);
}

// Names go into lists, logs and stores: no control characters.
bool IsName(const Json& value) {
  if (!value.is_string() || value.AsString().empty() || value.AsString().size() > kMaxNameBytes) return false;
  return std::ranges::none_of(value.AsString(),
                              [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// A text, or a list of them.
std::vector<std::string> TextsOf(const Json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.AsString());
  if (!value.is_array()) return texts;
  for (const Json& item : value.items()) {
    if (item.is_string()) texts.push_back(item.AsString());
  }
  return texts;
}

// "at+jwt" by RFC 9068; many servers say "JWT", or nothing. Others are tokens for something else.
bool IsAccessTokenType(std::string type) {
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return type.empty() || type == "at+jwt" || type == "application/at+jwt" || type == "jwt";
}

// NumericDate; nothing where it is none.
std::optional<double> TimeAt(const Json& claims, std::string_view key) {
  const Json& value = claims[key];
  if (!value.is_number() || !std::isfinite(value.AsDouble())) return std::nullopt;
  return value.AsDouble();
}

Result<void> CheckTimes(const Json& claims, double now, double leeway) {
  const std::optional<double> until = TimeAt(claims, "exp");
  if (!until) return Bad("exp", "got no time, want one");
  if (now >= *until + leeway) return Bad("exp", "it has expired");
  for (const char* key : {"nbf", "iat"}) {
    if (!claims.Has(key)) continue;
    const std::optional<double> from = TimeAt(claims, key);
    if (!from) return Bad(key, "got " + std::string(claims[key].TypeName()) + ", want a time");
    if (now < *from - leeway) return Bad(key, "it is yet to come");
  }
  return {};
}

Result<void> CheckParties(const Json& claims, const AccessTokenRules& rules) {
  if (claims["iss"] != Json(rules.issuer)) return Bad("iss", "want '" + rules.issuer + "'");
  const std::vector<std::string> audiences = TextsOf(claims["aud"]);
  const bool is_for_us = std::ranges::any_of(audiences, [&](const std::string& one) {
    return std::ranges::find(rules.audiences, one) != rules.audiences.end();
  });
  if (!is_for_us) return Bad("aud", "want '" + rules.audiences.front() + "'");
  if (claims.Has("cnf")) return Bad("cnf", "it is bound to a key, which cannot be checked here");
  return {};
}

// `scope` by RFC 8693; some servers have a list in `scp`.
bool Reaches(const Json& claims, const std::vector<std::string>& wanted) {
  std::string all = " ";
  for (const char* key : {"scope", "scp"}) {
    for (const std::string& text : TextsOf(claims[key])) all += text + " ";
  }
  return std::ranges::all_of(wanted, [&](const std::string& one) { return all.contains(" " + one + " "); });
}

Result<AccessTokenUser> UserOf(const Json& claims, const AccessTokenRules& rules) {
  const Json& name = claims[rules.user_claim];
  if (!IsName(name)) return Bad(rules.user_claim, "got no name of 1 to 256 bytes, want one");
  AccessTokenUser user{.name = name.AsString()};
  const Json& groups = claims[rules.groups_claim];
  if (groups.is_array() && groups.size() > kMaxGroups) {
    return Bad(rules.groups_claim, "got " + std::to_string(groups.size()) + " groups, want at most 256");
  }
  for (std::string& group : TextsOf(groups)) {
    if (IsName(Json(group))) user.groups.push_back(std::move(group));
  }
  return user;
}

}  // namespace

Result<AccessToken> AccessToken::Read(std::string_view text, const AccessTokenRules& rules, int64_t unix_seconds) {
  if (text.size() > kMaxTokenBytes) return Bad("", "got " + std::to_string(text.size()) + " bytes, want at most 16384");
  Result<CompactJws> jws = CompactJws::Read(text);
  if (!jws.ok()) return Bad("", "got something else, want a JWT");
  Result<JwsHeader> header = ReadJwsHeader(jws->header, rules.schemes);
  if (!header.ok()) return Bad("", header.error().what);
  if (!IsAccessTokenType(header->type)) return Bad("typ", "got '" + header->type.substr(0, 32) + "', want at+jwt");
  const Result<Json> claims = Json::Parse(jws->payload);
  if (!claims.ok() || !claims->is_object()) return Bad("", "got claims that are no JSON object");
  TRY_VOID(CheckParties(*claims, rules));
  TRY_VOID(CheckTimes(*claims, static_cast<double>(unix_seconds), static_cast<double>(rules.leeway.count())));
  TRY(AccessTokenUser user, UserOf(*claims, rules));
  return AccessToken(std::move(*header), std::move(*jws), std::move(user), Reaches(*claims, rules.scopes));
}

Result<AccessTokenUser> AccessToken::Check(const JwkSet& keys) const {
  if (!keys.HaveSigned(header_, jws_.signed_text, jws_.signature)) {
    return Bad("", "got a signature by none of the issuer's keys");
  }
  if (!reaches_) return Error::Denied("token.scope", "it lacks a scope").WithCode(kInsufficientScope);
  return user_;
}

}  // namespace atelier
