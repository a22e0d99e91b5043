// An HTTP/1.1 server on one I/O thread: keep-alive, pipelined requests answered in order, chunked
// bodies both ways, Expect: 100-continue, TLS 1.2+ when given a certificate, streams (SSE), CORS, drain.
//
// Life of a connection: read a head within header_timeout, the body within body_timeout, find the
// route, run its handler, write the response, begin again. While a handler runs one read stays
// pending, so that a client that leaves is noticed at once and the request's Call is stopped.
// A slow reader costs at most max_queued_bytes, then its stream is cut. Everything a client can make
// us hold has a bound here. What each fault is answered with:
//   malformed request 400 · no route 404 · other method 405 + Allow · slow sender 408 · body too long 413
//   expectation 417 · head too long 431 · other HTTP version 505 · too many connections 503 + Retry-After
// All on the loop's thread unless said otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/http.h"
#include "base/net/io_loop.h"
#include "base/net/router.h"

namespace atelier {

struct CorsOptions {
  std::vector<std::string> allowed_origins;  // exact origins, or "*"; empty: no CORS headers at all
  std::string allowed_headers = "Authorization, Content-Type, X-Request-Id, Last-Event-ID";
  std::string exposed_headers = "X-Request-Id, Retry-After";
  int max_age_s = 600;
};

// What is known of a request when its response has been sent or given up.
struct HttpExchange {
  std::string method;
  std::string path;
  std::string pattern;  // the route's; empty: none
  std::string request_id;
  std::string principal;
  int status = 0;
  int64_t request_bytes = 0;   // body
  int64_t response_bytes = 0;  // body as handed to the socket
  std::chrono::nanoseconds duration{};
  bool aborted = false;  // the client left, was cut, or was cut off by a drain
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8910;  // 0: any free one
  int max_connections = 8192;
  int64_t max_head_bytes = 32 << 10;
  int64_t max_body_bytes = 32 << 20;
  int64_t max_queued_bytes = 1 << 20;  // of a stream's output not yet taken by the socket
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds idle_timeout{75'000};   // between requests of a connection
  std::chrono::milliseconds write_timeout{30'000};  // without progress
  std::chrono::milliseconds request_timeout{0};     // sets Call::deadline and stops it then; 0: none
  CorsOptions cors;
  std::string certificate_file;  // PEM chain and key: both or neither
  std::string private_key_file;
  std::string server_name = "atelier";  // Server header

  // The body of a response that the server itself makes. `path`: as it was sent; empty where it could not be read.
  // Default: text/plain "where: what".
  std::function<HttpResponse(int status, const Error&, std::string_view path)> render_error;
  // Sees each request's head before its body is read; may set call.principal, or answer at once
  // (a missing key need not cost 32 MB of body).
  std::function<std::optional<HttpResponse>(HttpRequest&)> on_head;
  std::function<void(const HttpExchange&)> on_done;
};

struct ServerStats {
  int64_t open_connections = 0;
  int64_t open_requests = 0;  // handlers and streams under way
  int64_t accepted = 0;
  int64_t refused = 0;  // over max_connections
  int64_t requests = 0;
  int64_t slow_readers_cut = 0;
};

class HttpServer {
 public:
  // Binds and listens; serving begins when the loop runs. Errors: address in use, bad certificate.
  static Result<std::unique_ptr<HttpServer>> Listen(IoLoop& loop, ServerOptions options, Router router);
  // REQUIRES: drained, or the loop no longer runs.
  ~HttpServer();

  int port() const;
  std::string url() const;  // "http://127.0.0.1:8910"
  ServerStats stats() const;

  // Runs `work` beside the requests, as one of them: its Call is stopped when a drain begins, and the drain waits for
  // it. Errors of its own are its own affair.
  void RunBeside(std::function<Task<void>(Call)> work);

  // Accepts no more, closes idle connections, lets requests under way finish until `deadline`; then
  // stops their Calls, waits another `grace` for them and closes what is left. True: no connection is
  // open and no handler runs any more; false: some handler did not end when told to.
  Task<bool> Drain(Clock::TimePoint deadline, std::chrono::milliseconds grace = std::chrono::milliseconds(2000));

  class Impl;

 private:
  explicit HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace atelier
