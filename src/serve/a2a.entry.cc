// /a2a/NAME: our agents as Agent2Agent servers, in versions 1.0 and 0.3                        [docs/a2a.md]
#include "app/a2a_host.h"
#include "serve/mcp_resource.h"
#include "serve/resource.h"

namespace atelier {
namespace {

Task<HttpResponse> Ask(HttpRequest http, App& app) {
  const std::string agent(http.Path("agent")), rest(http.Path("rest"));
  const Result<A2aHttp*> found = app.a2a().Find(agent);
  if (!found.ok()) co_return A2aErrorResponse(found.error());
  std::string url = app.a2a().UrlOf(OriginOf(http), agent);
  co_return co_await (*found)->Handle(std::move(http), std::move(url), rest);
}

HttpResponse CardOf(const HttpRequest& http, App& app, const std::string& agent) {
  const Result<A2aHttp*> found = app.a2a().Find(agent);
  if (!found.ok()) return A2aErrorResponse(found.error());
  return (*found)->GetCard(http, app.a2a().UrlOf(OriginOf(http), agent));
}
Task<HttpResponse> GetCard(HttpRequest http, App& app) {
  const std::string agent(http.Path("agent"));
  co_return CardOf(http, app, agent);
}
Task<HttpResponse> GetDefaultCard(HttpRequest http, App& app) {
  const std::string agent = app.a2a().default_agent();
  co_return CardOf(http, app, agent);
}

Task<HttpResponse> GetKeys(HttpRequest, App& app) {
  const Json keys = app.a2a().PublicKeys();
  co_return JsonResponse(keys);
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/.well-known/agent-card.json", "What the first agent says of itself (A2A).", GetDefaultCard, nullptr,
     true},
    {"GET", "/.well-known/agent.json", "The same, where A2A's first clients look.", GetDefaultCard, nullptr, true},
    {"GET", "/a2a/{agent}/.well-known/agent-card.json", "What an agent says of itself (A2A).", GetCard, nullptr, true},
    {"GET", "/.well-known/a2a-keys.json", "The keys by which agents' cards are checked.", GetKeys, nullptr, true},
    {"POST", "/a2a/{agent}", "Calls a method of an agent (A2A, JSON-RPC).", Ask},
    {"POST", "/a2a/{agent}/", "The same, for clients that end the URL with a slash.", Ask},
    {"POST", "/a2a/{agent}/{rest...}", "Calls an operation of an agent (A2A, HTTP+JSON).", Ask},
    {"GET", "/a2a/{agent}/{rest...}", "Asks for tasks of an agent (A2A, HTTP+JSON).", Ask},
    {"DELETE", "/a2a/{agent}/{rest...}", "Removes a push configuration of a task (A2A, HTTP+JSON).", Ask},
};

}  // namespace

extern const Resource resource_a2a{kRoutes};

}  // namespace atelier
