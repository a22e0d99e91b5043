// Who may let us in: challenges and metadata.
#include <algorithm>
#include <utility>

#include "agent/protocol/mcp_oauth.h"
#include "base/net/fetch.h"

namespace atelier {
namespace {

constexpr int64_t kMaxMetadataBytes = 1 << 20;

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

std::vector<std::string> TextsAt(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  const Json& list = object[key];
  if (!list.is_array()) return texts;
  for (const Json& item : list.items()) {
    if (item.is_string()) texts.push_back(item.AsString());
  }
  return texts;
}

std::string Origin(const Url& url) {
  Url root = url;
  root.target = "/";
  std::string text = root.Text();
  text.pop_back();
  return text;
}

std::string PathOf(const Url& url) {
  std::string path = url.target.substr(0, url.target.find('?'));
  while (path.ends_with('/')) path.pop_back();
  return path;
}

bool IsTokenCharacter(char c) { return c > ' ' && c <= '~' && !std::string_view("=,\"").contains(c); }

}  // namespace

std::map<std::string, std::string> ReadBearerChallenge(const HttpHeaders& headers) {
  std::map<std::string, std::string> parameters;
  for (const auto& [name, value] : headers) {
    HttpHeaders one{{name, value}};
    if (one.Find("WWW-Authenticate") == nullptr) continue;
    std::string_view rest = value;
    bool bearer = false;
    while (!rest.empty()) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" ,\t"), rest.size()));
      const auto end = std::ranges::find_if_not(rest, IsTokenCharacter);
      const std::string_view word(rest.begin(), end);
      rest.remove_prefix(word.size());
      if (word.empty()) break;
      if (!rest.starts_with('=')) {
        // A scheme: its parameters follow.
        bearer = word.size() == 6 &&
                 std::ranges::equal(word, std::string_view("bearer"), [](char a, char b) { return (a | 32) == b; });
        continue;
      }
      rest.remove_prefix(1);
      std::string text;
      if (rest.starts_with('"')) {
        rest.remove_prefix(1);
        while (!rest.empty() && rest.front() != '"') {
          if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
          text += rest.front();
          rest.remove_prefix(1);
        }
        if (!rest.empty()) rest.remove_prefix(1);
      } else {
        const auto value_end = std::ranges::find_if_not(rest, IsTokenCharacter);
        text.assign(rest.begin(), value_end);
        rest.remove_prefix(text.size());
      }
      if (bearer) parameters.emplace(word, text);
    }
  }
  return parameters;
}

std::vector<std::string> ResourceMetadataUrls(const Url& server) {
  const std::string known = Origin(server) + "/.well-known/oauth-protected-resource";
  const std::string path = PathOf(server);
  if (path.empty()) return {known};
  return {known + path, known};
}

std::vector<std::string> IssuerMetadataUrls(const Url& issuer) {
  const std::string origin = Origin(issuer);
  const std::string path = PathOf(issuer);
  std::vector<std::string> urls = {origin + "/.well-known/oauth-authorization-server" + path,
                                   origin + "/.well-known/openid-configuration" + path};
  if (!path.empty()) urls.push_back(origin + path + "/.well-known/openid-configuration");
  return urls;
}

bool IsResourceOf(const Url& resource, const Url& server) {
  if (!resource.SameOrigin(server)) return false;
  const std::string above = PathOf(resource), below = PathOf(server);
  return below == above || below.starts_with(above + "/");
}

Result<void> CheckOAuthEndpoint(const std::string& name, const std::string& text) {
  TRY(const Url url, Url::Parse(text));
  const bool here = url.host == "localhost" || url.host == "127.0.0.1" || url.host == "::1";
  if (url.scheme == "https" || here) return {};
  return Error::Denied(name, "got '" + text.substr(0, 200) + "', want an https URL");
}

Task<Result<std::optional<Json>>> GetOAuthDocument(AsyncHttpClient& http, std::shared_ptr<const EgressPolicy> egress,
                                                   Call call, std::string url) {
  AsyncRequest request;
  request.url = url;
  request.headers.Set("Accept", "application/json");
  request.egress = std::move(egress);
  FetchLimits limits;
  limits.body_bytes = kMaxMetadataBytes;
  CO_TRY(const Fetched fetched, co_await Fetch(http, std::move(call), std::move(request), limits));
  if (fetched.status >= 400 && fetched.status < 500) co_return std::optional<Json>();
  if (fetched.status != 200) {
    co_return Error::Unavailable(url, "got HTTP " + std::to_string(fetched.status) + ", want 200");
  }
  auto json = Json::Parse(fetched.body);
  if (!json) co_return std::move(json).error().Under(url);
  co_return std::optional(*std::move(json));
}

Task<Result<McpOAuth::Resource>> McpOAuth::FindResource(Call call, std::string told_url) {
  CO_TRY(const Url server, Url::Parse(options_.server_url));
  const std::vector<std::string> urls =
      told_url.empty() ? ResourceMetadataUrls(server) : std::vector<std::string>{told_url};
  for (const std::string& url : urls) {
    CO_TRY(const auto found, co_await GetOAuthDocument(http_, options_.egress, call, url));
    if (!found) continue;
    Resource resource;
    resource.resource = TextAt(*found, "resource");
    const auto named = Url::Parse(resource.resource);
    if (!named || !IsResourceOf(*named, server)) {
      co_return Error::Denied(url, "resource: got '" + resource.resource.substr(0, 200) + "', want " +
                                       options_.server_url + " or what is above it");
    }
    resource.scopes = TextsAt(*found, "scopes_supported");
    const std::vector<std::string> issuers = TextsAt(*found, "authorization_servers");
    if (issuers.empty()) co_return Error::Invalid(url, "authorization_servers: got none, want one");
    resource.issuer = issuers.front();
    co_return resource;
  }
  co_return Error::Denied(server.host, "the server wants authorization and does not say whose");
}

Task<Result<McpOAuth::Issuer>> McpOAuth::FindIssuer(Call call, std::string issuer) {
  CO_TRY(const Url parsed, Url::Parse(issuer));
  CO_TRY_VOID(CheckOAuthEndpoint("authorization_servers[0]", issuer));
  for (const std::string& url : IssuerMetadataUrls(parsed)) {
    CO_TRY(const auto found, co_await GetOAuthDocument(http_, options_.egress, call, url));
    if (!found) continue;
    if (TextAt(*found, "issuer") != issuer) {
      co_return Error::Denied(url,
                              "issuer: got '" + TextAt(*found, "issuer").substr(0, 200) + "', want '" + issuer + "'");
    }
    const std::vector<std::string> methods = TextsAt(*found, "code_challenge_methods_supported");
    if (std::ranges::find(methods, "S256") == methods.end()) {
      co_return Error::Denied(url, "code_challenge_methods_supported: want S256; without PKCE codes can be stolen");
    }
    Issuer read;
    read.issuer = issuer;
    read.authorization_endpoint = TextAt(*found, "authorization_endpoint");
    read.token_endpoint = TextAt(*found, "token_endpoint");
    read.registration_endpoint = TextAt(*found, "registration_endpoint");
    read.auth_methods = TextsAt(*found, "token_endpoint_auth_methods_supported");
    const auto is_true = [&](std::string_view key) { return (*found)[key] == Json(true); };
    read.takes_metadata_documents = is_true("client_id_metadata_document_supported");
    read.says_issuer = is_true("authorization_response_iss_parameter_supported");
    const std::vector<std::string> scopes = TextsAt(*found, "scopes_supported");
    read.offers_offline = std::ranges::find(scopes, "offline_access") != scopes.end();
    CO_TRY_VOID(CheckOAuthEndpoint("authorization_endpoint", read.authorization_endpoint));
    CO_TRY_VOID(CheckOAuthEndpoint("token_endpoint", read.token_endpoint));
    if (!read.registration_endpoint.empty()) {
      CO_TRY_VOID(CheckOAuthEndpoint("registration_endpoint", read.registration_endpoint));
    }
    co_return read;
  }
  co_return Error::Denied(parsed.host, "the authorization server publishes no metadata");
}

}  // namespace atelier
