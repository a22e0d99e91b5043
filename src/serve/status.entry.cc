// /health and /metrics
#include "observe/metrics.h"
#include "serve/resource.h"

namespace atelier {
namespace {

Task<HttpResponse> Health(HttpRequest /*http*/, App& app) {
  int64_t num_loaded = 0;
  for (const ModelListing& model : app.ListModels()) num_loaded += model.loaded ? 1 : 0;
  co_return JsonResponse(Json::Object({{"status", "ok"}, {"version", ATELIER_VERSION}, {"models_loaded", num_loaded}}));
}

Task<HttpResponse> Metrics(HttpRequest /*http*/, App& app) {
  app.RefreshGauges();
  co_return HttpResponse::Of(200, kMetricsContentType, app.metrics().Expose());
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/health", "Whether the server answers", Health, nullptr, true},
    {"GET", "/v1/health", "The same", Health, nullptr, true},
    {"GET", "/metrics", "Figures for Prometheus, under vLLM's names", Metrics},
};

}  // namespace

extern const Resource resource_status{kRoutes};

}  // namespace atelier
