// /mcp: this application as an MCP server                                             [docs/mcp.md]
#include <algorithm>

#include "app/api_keys.h"
#include "app/mcp_host.h"
#include "app/token_door.h"
#include "serve/errors.h"
#include "serve/mcp_resource.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr std::string_view kMetadata = "/.well-known/oauth-protected-resource";

HttpResponse Refusal(const Error& error, const HttpRequest& http, App& app) {
  const bool is_known = error.code == kInsufficientScope;
  const int status = is_known ? 403 : StatusOf(error);
  HttpResponse refusal = ErrorResponse(error, status, ErrorShapeOf(http.path));
  if (status == 401 || status == 403) refusal.headers.Set("WWW-Authenticate", McpChallenge(http, app, error));
  return refusal;
}

// Nobody has been let in yet where a token waited for its issuer's keys: a principal is what says otherwise.
Task<HttpResponse> HandleMcp(HttpRequest http, App& app) {
  TokenDoor* const door = app.token_door();
  const std::string authorization(http.headers.Get("Authorization"));
  if (door != nullptr && http.call.principal.empty()) {
    auto admitting = door->Admit(http.call, authorization);
    Result<std::string> principal = co_await admitting;
    if (!principal.ok()) co_return Refusal(principal.error(), http, app);
    http.call.principal = std::move(*principal);
  }
  const bool by_token = door != nullptr && http.call.principal.starts_with(kTokenUser);
  const Clock::TimePoint until = by_token ? door->Until(authorization) : Call::kNoDeadline;
  co_return co_await app.mcp().http().Handle(std::move(http), until);
}

// Without an authorization server keys are given out by the application's owner: none is named.
Task<HttpResponse> GetMetadata(HttpRequest http, App& app) {
  Json body = Json::Object({{"resource", OriginOf(http) + "/mcp"},
                            {"resource_name", "Atelier"},
                            {"bearer_methods_supported", Json::Array({"header"})}});
  if (const TokenDoor* door = app.token_door()) {
    body.Set("resource", door->config().resource);
    body.Set("authorization_servers", Json::Array({door->config().issuer}));
    if (!door->config().scopes.empty()) body.Set("scopes_supported", door->config().scopes);
  }
  co_return JsonResponse(body);
}

// The metadata's place goes between origin and path.   [RFC 9728, 3.1]
std::string MetadataUrl(const HttpRequest& http, App& app) {
  const TokenDoor* const door = app.token_door();
  if (door == nullptr) return OriginOf(http) + std::string(kMetadata) + "/mcp";
  const std::string& resource = door->config().resource;
  const size_t path = std::min(resource.find('/', resource.find("://") + 3), resource.size());
  return resource.substr(0, path) + std::string(kMetadata) + resource.substr(path);
}

// In a quoted string: neither quotes nor what is no ASCII.   [RFC 6750, 3]
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c < 0x20 || c > 0x7E || c == '"' || c == '\\' ? '\'' : c;
  return out + "\"";
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/mcp", "A message of the Model Context Protocol", HandleMcp},
    {"GET", "/mcp", "The stream of a session of the Model Context Protocol", HandleMcp},
    {"DELETE", "/mcp", "Ends a session of the Model Context Protocol", HandleMcp},
    {"GET", "/.well-known/oauth-protected-resource", "What protects the MCP server", GetMetadata, nullptr, true},
    {"GET", "/.well-known/oauth-protected-resource/mcp", "The same, by its path", GetMetadata, nullptr, true},
};

}  // namespace

std::string OriginOf(const HttpRequest& http) {
  return std::string(http.secure ? "https://" : "http://") + std::string(http.headers.Get("Host"));
}

std::string McpChallenge(const HttpRequest& http, App& app, const Error& error) {
  std::string challenge = "Bearer ";
  if (error.code == kInvalidToken || error.code == kInsufficientScope) {
    challenge += "error=\"" + error.code + "\", error_description=" + Quoted(error.Message()) + ", ";
  }
  challenge += "resource_metadata=" + Quoted(MetadataUrl(http, app));
  std::string scope;
  if (const TokenDoor* door = app.token_door()) {
    for (const std::string& one : door->config().scopes) scope += (scope.empty() ? "" : " ") + one;
  }
  return scope.empty() ? challenge : challenge + ", scope=" + Quoted(scope);
}

std::optional<HttpResponse> AdmitToMcp(App& app, HttpRequest& http) {
  const std::string_view given = http.headers.Get("Authorization", http.headers.Get("X-Api-Key"));
  if (app.keys().required()) {
    Result<std::string> principal = app.keys().Admit(given);
    if (principal.ok()) {
      http.call.principal = std::move(*principal);
      return std::nullopt;
    }
    if (principal.error().kind != ErrorKind::kDenied) return Refusal(principal.error(), http, app);
  }
  Result<std::optional<std::string>> principal = app.token_door()->AdmitNow(given);
  if (!principal.ok()) return Refusal(principal.error(), http, app);
  http.call.principal = std::move(*principal).value_or("");
  return std::nullopt;
}

extern const Resource resource_mcp{kRoutes};

}  // namespace atelier
