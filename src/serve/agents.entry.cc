// /v1/agents: what atelier.yaml has of them                                            [docs/agents.md]
#include "app/agent_library.h"
#include "serve/listing.h"
#include "serve/resource.h"

namespace atelier {
namespace {

Json AgentBody(const AgentConfig& config) {
  return Json::Object({{"id", config.name},
                       {"object", "agent"},
                       {"description", config.description},
                       {"policy", config.policy},
                       {"model", config.model},
                       {"tools", config.tools},
                       {"agents", config.agents},
                       {"handoffs", config.handoffs},
                       {"output_schema", config.output_schema}});
}

Task<HttpResponse> List(HttpRequest /*http*/, App& app) {
  Json data = Json::Array({});
  for (const AgentConfig& config : app.agents().configs()) data.Push(AgentBody(config));
  co_return JsonResponse(ListBody(std::move(data), false));
}

Task<HttpResponse> Get(HttpRequest http, App& app) {
  const std::string name(http.Path("id"));
  for (const AgentConfig& config : app.agents().configs()) {
    if (config.name == name) co_return JsonResponse(AgentBody(config));
  }
  const auto agent = app.agents().Find(name);
  co_return ErrorResponse(agent.ok() ? Error::NotFound("agent", "got '" + name + "'") : agent.error());
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/v1/agents", "Lists the agents.", List},
    {"GET", "/v1/agents/{id}", "An agent.", Get},
};

}  // namespace

extern const Resource resource_agents{kRoutes};

}  // namespace atelier
