// Which handler answers which method and path. A pattern is a path whose segments are literal,
// "{name}" (one segment) or, last, "{name...}" (the rest, slashes included: model ids have them).
// Literal segments win over parameters, and those over the rest. Parameters arrive percent-decoded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/http.h"

namespace atelier {

using HttpHandler = std::function<Task<HttpResponse>(HttpRequest)>;

// How a route's body is read.
struct RouteOptions {
  int64_t max_body_bytes = 0;  // 0: the server's bound
  // Makes what takes the body, once the head is known and admitted; null: it is collected in HttpRequest::body.
  std::function<std::shared_ptr<BodyTaker>(const HttpRequest&)> make_taker;
};

class Router {
 public:
  struct Match {
    const HttpHandler* handler = nullptr;   // null: no route (allowed empty), or not for this method
    const RouteOptions* options = nullptr;  // set with handler
    std::string pattern;                    // of the route, for metrics: "/v1/models/{id}"
    HttpParameters parameters;
    std::vector<std::string> allowed;  // methods of the path, sorted; HEAD comes with GET, OPTIONS always
  };

  // CHECKs that pattern and method are well formed and new.
  void Add(std::string_view method, std::string_view pattern, HttpHandler handler, RouteOptions options = {});
  Match Find(std::string_view method, std::string_view path) const;
  // The largest of all routes; 0: none has one of its own.
  int64_t max_body_bytes() const;
  // (method, pattern) of all routes, in order of addition.
  std::vector<std::pair<std::string, std::string>> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    HttpHandler handler;
    RouteOptions options;
  };
  std::vector<Route> routes_;
};

}  // namespace atelier
