#include "serve/resource.h"

namespace atelier {

void AddRoutes(App& app, Router& router) {
  for (const Resource* resource : Resources()) {
    for (const RouteSpec& route : resource->routes) {
      auto* handle = route.handle;
      router.Add(route.method, route.pattern,
                 [&app, handle](HttpRequest http) { return handle(std::move(http), app); });
    }
  }
}

Result<Json> ParseJsonBody(const HttpRequest& http) {
  if (http.body.empty()) return Error::Invalid("", "got an empty body, want a JSON object").WithCode("invalid_json");
  Result<Json> json = Json::Parse(http.body);
  if (!json.ok()) return std::move(json).error().Under("body").WithCode("invalid_json");
  return json;
}

void AddWarnings(HttpResponse& response, const std::vector<std::string>& unknown) {
  for (const std::string& name : unknown) {
    std::string text = "unknown parameter: " + name;
    // A header holds no line breaks and no control bytes.
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
    }
    response.headers.Add("X-Atelier-Warning", text.substr(0, 200));
  }
}

HttpResponse JsonResponse(const Json& body, int status) { return HttpResponse::Json(body.Dump(), status); }

}  // namespace atelier
