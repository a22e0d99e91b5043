// An agent's A2A interface over HTTP: both bindings and both versions below one URL.
//
//   GET  URL/.well-known/agent-card.json      the card
//   POST URL                                  JSON-RPC: a method in the body, a result or a stream of results
//   POST URL/message:send, GET URL/tasks, …   HTTP+JSON: 0.3 has the same below URL/v1
//
// The version is what the header (or parameter) A2A-Version says; without one it is 0.3. A body must say that it is
// JSON: a page of a browser cannot send one to another origin without asking first.   [A2A 1.0.1, sections 9 and 11]
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/protocol/a2a_operations.h"
#include "base/net/http.h"
#include "base/task/loop.h"

namespace atelier {

class A2aHttp {
 public:
  // `card`: as clients that ask at `url` are given it.
  using Card = std::function<Json(const std::string& url)>;
  A2aHttp(Loop& loop, A2aOperations operations, Card card)
      : loop_(loop), operations_(std::move(operations)), card_(std::move(card)) {}

  // A request to `rest` below the agent's URL; empty: to the URL itself. `url`: as the client knows it. What is
  // streamed may outlive neither this nor its desk.
  Task<HttpResponse> Handle(HttpRequest http, std::string url, std::string rest);
  HttpResponse GetCard(const HttpRequest& http, const std::string& url) const;

 private:
  Task<HttpResponse> Rpc(HttpRequest http, std::string url);
  Task<HttpResponse> Rest(HttpRequest http, std::string url, std::string rest);

  Loop& loop_;
  A2aOperations operations_;
  Card card_;
};

// An error as HTTP+JSON tells it.
HttpResponse A2aErrorResponse(const Error& error, std::string_view type = "application/json");

}  // namespace atelier
