// An HTTP resource is one file: what its body may contain, its handler, its routes. The table of all resources
// (x.entry.cc, docs/adding.md) gives the router, /openapi.json and the reference page.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/app.h"
#include "base/net/http.h"
#include "base/net/router.h"
#include "base/task/pool.h"
#include "base/text/describe_json.h"
#include "serve/errors.h"

namespace atelier {

struct RouteSpec {
  std::string_view method;
  std::string_view pattern;
  std::string_view summary;
  Task<HttpResponse> (*handle)(HttpRequest http, App& app);
  Json (*body_schema)() = nullptr;  // null: no body
  bool open = false;                // answered without an API key
  // Of routes whose bodies are too long to hold: what takes one (http.taker), and how long it may be.
  std::shared_ptr<BodyTaker> (*make_taker)(const HttpRequest& http, App& app) = nullptr;
  int64_t (*max_body_bytes)(const App& app) = nullptr;
};

struct Resource {
  std::span<const RouteSpec> routes;
};

// All resources, in order of their files' names.
std::span<const Resource* const> Resources();

// Adds every route to `router`.
void AddRoutes(App& app, Router& router);

// A parsed body, and what a warning header says of it.
template <class T>
struct Parsed {
  T body;
  std::vector<std::string> unknown;
};

// The body as JSON: an empty one, or one that is no JSON, is a 400 that says where.
Result<Json> ParseJsonBody(const HttpRequest& http);

template <Described T>
Result<Parsed<T>> ParseBody(const HttpRequest& http, const App& app) {
  TRY(const Json json, ParseJsonBody(http));
  Parsed<T> parsed;
  ReadOptions options;
  options.refuse_unknown = !app.config().server.warn_unknown_parameters;
  options.unknown = &parsed.unknown;
  TRY(parsed.body, ReadJson<T>(json, options));
  return parsed;
}

// Names the unknown parameters that were let through.
void AddWarnings(HttpResponse& response, const std::vector<std::string>& unknown);

HttpResponse JsonResponse(const Json& body, int status = 200);

// Texts by name, such as metadata, as an object.
Json TextsBody(const std::map<std::string, std::string>& texts);

// Answers with what `work` gives, a Result<Json>; it may block.
template <class Work>
Task<HttpResponse> AnswerOnPool(App& app, Work work) {
  auto waiting = OnPool(app.pool(), std::move(work));
  const Result<Json> answer = co_await waiting;
  co_return answer.ok() ? JsonResponse(*answer) : ErrorResponse(answer.error());
}

}  // namespace atelier
