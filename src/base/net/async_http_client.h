// An HTTP/1.1 client on an IoLoop, for calls to other services: TLS with certificate checks, idle connections kept and
// used again, bodies read as they come, a time limit for each phase. A stop of the Call, or its deadline, closes the
// connection at once. Redirects are answers like any other: what was sent to one host is not for another.
// Honours http_proxy, https_proxy, no_proxy. Loop thread only.   [RFC 9110, RFC 9112]
//
//   CO_TRY(auto response, co_await client.Send(call, std::move(request)));
//   if (response->status() != 200) { CO_TRY(const std::string why, co_await response->Rest(64 << 10)); ... }
//   while (true) { CO_TRY(const std::string piece, co_await response->Next()); if (piece.empty()) break; ... }
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/net/egress_policy.h"
#include "base/net/http_client.h"
#include "base/net/io_loop.h"
#include "base/net/sse.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

struct PhaseTimeouts {
  std::chrono::milliseconds connect{10'000};  // address, TCP and TLS
  std::chrono::milliseconds send{60'000};     // the whole request
  std::chrono::milliseconds head{600'000};    // from its last byte to the whole head of the answer
  std::chrono::milliseconds idle{120'000};    // between two pieces of the body
};

struct AsyncRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;  // Host, Content-Length, Connection and Accept-Encoding are the client's
  std::string body;
  PhaseTimeouts timeouts;
  // It may be sent anew where a kept connection turns out to be closed before a byte of the answer came; always so for
  // methods that are idempotent.
  bool may_repeat = false;
  // What a model or a stranger may steer goes under a policy. Null: no limit, for what this machine's owner configured.
  std::shared_ptr<const EgressPolicy> egress = {};
};

// An answer whose head is here. Letting go of it before the body's end closes the connection.
class AsyncResponse {
 public:
  class Exchange;  // async_http_client.cc
  explicit AsyncResponse(std::unique_ptr<Exchange> exchange);
  ~AsyncResponse();

  int status() const;
  const HttpHeaders& headers() const;
  // The next piece of the body; empty at its end. Errors: Unavailable (cut off), Timeout, Cancelled, Invalid (bytes
  // that are no HTTP); after one there is nothing more.
  Task<Result<std::string>> Next();
  // All that is left. TooLarge above `max_bytes`.
  Task<Result<std::string>> Rest(int64_t max_bytes);

 private:
  std::unique_ptr<Exchange> exchange_;
};

// The events of a response's body, as they come.
class SseReader {
 public:
  struct Limits {
    int64_t event_bytes = 16 << 20;   // of one event, or of one line
    int64_t total_bytes = 256 << 20;  // of the stream
  };
  SseReader(std::unique_ptr<AsyncResponse> response, Limits limits)
      : response_(std::move(response)), limits_(limits), parser_(limits.event_bytes) {}
  // Nothing at the stream's end; an event that was not ended by an empty line is none. Errors: as AsyncResponse::Next,
  // and TooLarge.
  Task<Result<std::optional<SseEvent>>> Next();

 private:
  std::unique_ptr<AsyncResponse> response_;
  const Limits limits_;
  SseParser parser_;
  std::vector<SseEvent> ready_;  // the next one last
  int64_t total_bytes_ = 0;
};

class AsyncHttpClient {
 public:
  // The loop must outlive the client and its responses.
  explicit AsyncHttpClient(IoLoop& loop, ClientOptions options = {});
  ~AsyncHttpClient();
  AsyncHttpClient(const AsyncHttpClient&) = delete;
  AsyncHttpClient& operator=(const AsyncHttpClient&) = delete;

  // Any status is an answer. Errors: Denied (by the egress policy), Unavailable (no connection, cut off), Timeout,
  // Cancelled, Invalid (URL, header, or an answer that is no HTTP). `where` begins with the host, never with the path
  // or a header.
  Task<Result<std::unique_ptr<AsyncResponse>>> Send(Call call, AsyncRequest request);
  // Connections kept for later use.
  size_t num_idle() const;
  IoLoop& loop() const;

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace atelier
