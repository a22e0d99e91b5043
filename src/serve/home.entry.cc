// The home page: what is loaded, a chat box, links.
#include "serve/resource.h"

namespace atelier {

extern const std::string_view kHomePage;  // page/home.html, embedded by CMake

namespace {

Task<HttpResponse> Home(HttpRequest /*http*/, App& /*app*/) {
  HttpResponse response = HttpResponse::Of(200, "text/html; charset=utf-8", std::string(kHomePage));
  response.headers.Set("Cache-Control", "no-cache");
  co_return response;
}

constexpr RouteSpec kRoutes[] = {{"GET", "/", "The home page", Home, nullptr, true}};

}  // namespace

extern const Resource resource_home{kRoutes};

}  // namespace atelier
