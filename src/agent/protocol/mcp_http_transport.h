// Streamable HTTP, the client's side, for both eras: each message is a POST; its answer is one JSON body or a stream of
// events. In the stateful era a stream that breaks is resumed by GET with the last event's id, after the pause that the
// server asked for; the session's id goes along with everything.
//
// Redirects are not followed: what was sent to one server is not for another. Where there is an egress policy, every
// request goes under it.   [2025-11-25 and 2026-07-28, transports]
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/protocol/mcp_authorizer.h"
#include "agent/protocol/mcp_transport.h"
#include "base/net/async_http_client.h"
#include "base/net/egress_policy.h"

namespace atelier {

struct McpHttpTransportOptions {
  std::string url;
  HttpHeaders headers = {};                         // configured: keys and the like
  std::shared_ptr<const EgressPolicy> egress = {};  // null: wherever the owner said
  std::shared_ptr<McpAuthorizer> authorizer = {};   // null: none
  int64_t max_message_bytes = 16 << 20;
  int max_resumptions = 8;                 // in a row, without an event
  std::chrono::milliseconds retry{1'000};  // before one, unless the server says
  std::chrono::milliseconds max_retry{30'000};
  int max_challenges = 3;  // of one message
};

class McpHttpTransport final : public McpTransport {
 public:
  McpHttpTransport(Loop& loop, AsyncHttpClient& http, McpHttpTransportOptions options);

  void Start(OnMessage on_message, OnEnd) override { on_message_ = std::move(on_message); }
  Task<Result<void>> Send(Call call, RpcMessage message, McpSending sending) override;
  Task<Result<void>> Listen(Call call, McpSending sending) override;
  bool answers_in_send() const override { return true; }
  void Forget() override { session_id_.clear(); }
  Task<void> Close() override;
  const std::string& session_id() const { return session_id_; }

 private:
  // Where one stream of events has come to.
  struct Position {
    std::string last_id = {};
    std::chrono::milliseconds retry;
    bool answered = false;
    int num_events = 0;
  };
  AsyncRequest Request(std::string method, const McpSending& sending) const;
  AsyncRequest PostOf(const RpcMessage& message, const McpSending& sending) const;
  // Sends, and answers challenges of the server.
  Task<Result<std::unique_ptr<AsyncResponse>>> Exchange(Call call, AsyncRequest request);
  Task<Result<void>> TakeBody(std::unique_ptr<AsyncResponse> response, const Json id);
  Task<Result<void>> Refused(std::unique_ptr<AsyncResponse> response, Json id, McpSending sending);
  // Reads events until the end, or the answer to `id`.
  Task<Result<void>> TakeEvents(std::unique_ptr<AsyncResponse> response, Json id, std::shared_ptr<Position> position);
  Task<Result<void>> Resume(Call call, McpSending sending, Json id, std::shared_ptr<Position> position);
  Result<bool> Deliver(std::string_view text, const Json& id);
  void KeepSession(const AsyncResponse& response, const RpcMessage& message);

  Loop& loop_;
  AsyncHttpClient& http_;
  const McpHttpTransportOptions options_;
  const std::string where_;  // the host, for errors: the rest of the URL may hold secrets
  OnMessage on_message_;
  std::string session_id_;
  std::string last_revision_;
};

}  // namespace atelier
