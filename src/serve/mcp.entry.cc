// /mcp: this application as an MCP server                                             [docs/mcp.md]
#include "app/mcp_host.h"
#include "serve/mcp_resource.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr std::string_view kMetadata = "/.well-known/oauth-protected-resource";

Task<HttpResponse> HandleMcp(HttpRequest http, App& app) { return app.mcp().http().Handle(std::move(http)); }

// Keys are given out by the application's owner, not by an authorization server: none is named.
Task<HttpResponse> GetMetadata(HttpRequest http, App&) {
  const Json body = Json::Object({{"resource", OriginOf(http) + "/mcp"},
                                  {"resource_name", "Atelier"},
                                  {"bearer_methods_supported", Json::Array({"header"})}});
  co_return JsonResponse(body);
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

std::string McpChallenge(const HttpRequest& http) {
  return "Bearer resource_metadata=\"" + OriginOf(http) + std::string(kMetadata) + "/mcp\"";
}

extern const Resource resource_mcp{kRoutes};

}  // namespace atelier
