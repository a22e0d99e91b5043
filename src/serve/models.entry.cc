// /v1/models                                                              [OpenAI API reference, "Models"]
#include "serve/errors.h"
#include "serve/resource.h"

namespace atelier {
namespace {

// OpenAI's fields, vLLM's max_model_len, and what else a person wants to know.
Json ModelBody(const ModelListing& model) {
  return Json::Object({
      {"id", model.id},
      {"object", "model"},
      {"created", model.created_unix},
      {"owned_by", model.provider.empty() ? "atelier" : model.provider},
      {"kind", model.kind},
      {"architecture", model.arch},
      {"format", model.format},
      {"context_length", model.context_length},
      {"max_model_len", model.context_length},
      {"vector_size", model.vector_size},
      {"loaded", model.loaded},
  });
}

Task<HttpResponse> ListModels(HttpRequest /*http*/, App& app) {
  Json data = Json::Array();
  for (const ModelListing& model : app.ListModels()) data.Push(ModelBody(model));
  Json reply = Json::Object({{"object", "list"}});
  reply.Set("data", std::move(data));
  co_return JsonResponse(reply);
}

Task<HttpResponse> RetrieveModel(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  for (const ModelListing& model : app.ListModels()) {
    if (model.id == id) co_return JsonResponse(ModelBody(model));
  }
  co_return ErrorResponse(Error::NotFound("model", "got '" + id.substr(0, 200) + "', want one of GET /v1/models")
                              .WithCode("model_not_found"));
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/v1/models", "All models here", ListModels},
    {"GET", "/v1/models/{id...}", "One model", RetrieveModel},
};

}  // namespace

extern const Resource resource_models{kRoutes};

}  // namespace atelier
