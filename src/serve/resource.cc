#include "serve/resource.h"

#include <algorithm>

#include "serve/errors.h"

namespace atelier {
namespace {

// "application/json", "application/NAME+json", with parameters or not. No type at all is taken for JSON; another is
// refused, also so that no page can send a form here without the browser asking for leave first (CORS).
bool IsJson(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  type.erase(type.find_last_not_of(" \t") + 1);
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return type.empty() || type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

Task<HttpResponse> RefuseType(std::string type, ErrorShape shape) {
  const Error error = Error::Invalid("Content-Type", "got " + type.substr(0, 100) + ", want application/json");
  co_return ErrorResponse(Error(error).WithCode("unsupported_media_type"), 415, shape);
}

RouteOptions OptionsOf(const RouteSpec& route, App& app) {
  RouteOptions options;
  if (route.max_body_bytes != nullptr) options.max_body_bytes = route.max_body_bytes(app);
  if (route.make_taker != nullptr) {
    options.make_taker = [&app, make = route.make_taker](const HttpRequest& http) { return make(http, app); };
  }
  return options;
}

}  // namespace

void AddRoutes(App& app, Router& router) {
  for (const Resource* resource : Resources()) {
    for (const RouteSpec& route : resource->routes) {
      const bool has_body = route.body_schema != nullptr;
      HttpHandler handler = [&app, handle = route.handle, has_body](HttpRequest http) {
        const std::string_view type = http.headers.Get("Content-Type");
        if (has_body && !IsJson(type)) return RefuseType(std::string(type), ErrorShapeOf(http.path));
        return handle(std::move(http), app);
      };
      router.Add(route.method, route.pattern, std::move(handler), OptionsOf(route, app));
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

Json TextsBody(const std::map<std::string, std::string>& texts) {
  Json body = Json::Object();
  for (const auto& [name, text] : texts) body.Set(name, text);
  return body;
}

HttpResponse JsonResponse(const Json& body, int status) { return HttpResponse::Json(body.Dump(), status); }

}  // namespace atelier
