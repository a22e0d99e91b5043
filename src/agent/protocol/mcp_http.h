// An MCP server over streamable HTTP, both eras at one path: POST carries each message of a client; GET and DELETE are
// the stateful era's. Which era a message is of shows in its `_meta`, and in the header `MCP-Protocol-Version`.
//
//   stateful    `initialize` makes a session, told in `Mcp-Session-Id` and bound to who made it; streams can be
//   resumed;
//               a client that leaves has not cancelled
//   stateless   headers must say what the body says (revision, method, name, mirrored parameters); a client that leaves
//               has cancelled
//
// A browser's page from elsewhere cannot reach it: Origin, where there is one, must be allowed, and a server that is
// for this machine wants a Host that names it (DNS rebinding).   Loop thread only.   [2025-11-25 and 2026-07-28,
// transports]
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/protocol/mcp_http_stream.h"
#include "agent/protocol/mcp_server.h"
#include "agent/protocol/mcp_session.h"
#include "base/net/http.h"
#include "base/net/router.h"

namespace atelier {

struct McpHttpOptions {
  bool local_only = true;                    // Host must be localhost, 127.0.0.1 or [::1]
  std::vector<std::string> allowed_origins;  // beside those of this machine; "*": any
  size_t max_sessions = 1000;                // the one idle for longest gives way
  size_t max_streams = 64;                   // of a session, with those that wait for their client to come back
  std::chrono::milliseconds retry{1'000};    // after which a client comes back
};

class McpHttp {
 public:
  McpHttp(std::shared_ptr<McpServer> server, McpHttpOptions options) : server_(std::move(server)), options_(options) {}
  ~McpHttp();

  // Routes at `path`; this must outlive the router's server.
  void AddTo(Router& router, std::string_view path);
  // A request to the path, whatever its method. `until`: what its sender showed to be let in is good for so long;
  // streams that tell of changes (GET, subscriptions/listen) end then. An answer under way does not.
  Task<HttpResponse> Handle(HttpRequest http, Clock::TimePoint until = Call::kNoDeadline);
  // Who may speak at all: nothing, or the refusal.
  std::optional<HttpResponse> CheckAccess(const HttpRequest& http) const;
  size_t num_sessions() const { return sessions_.size(); }
  // Ends all sessions.
  void Close();

 private:
  struct Client {
    std::shared_ptr<McpSession> session;
    std::shared_ptr<McpHttpStream> apart;  // stream "0", for what belongs to no request
    std::map<std::string, std::shared_ptr<McpHttpStream>> streams;
    int64_t next_stream = 1;
    Clock::TimePoint last_used;
  };

  Task<HttpResponse> Post(HttpRequest http, Clock::TimePoint until);
  Task<HttpResponse> Get(HttpRequest http, Clock::TimePoint until);
  Task<HttpResponse> Delete(HttpRequest http);
  Task<HttpResponse> PostStateless(HttpRequest http, RpcMessage message, Clock::TimePoint until);
  Task<HttpResponse> PostStateful(HttpRequest http, RpcMessage message);
  Task<HttpResponse> Initialize(HttpRequest http, RpcMessage message);
  // Why a stateless request's headers do not say what its body says, if so.
  std::optional<std::string> HeaderMismatch(const HttpRequest& http, const RpcMessage& request,
                                            const McpCaller& caller) const;
  std::optional<std::string> ParameterMismatch(const HttpRequest& http, const RpcMessage& request,
                                               const McpCaller& caller) const;
  // The session that the request names, if it is there and the asker's.
  Result<Client*> FindClient(const HttpRequest& http);
  std::shared_ptr<McpHttpStream> MakeStream(Client& client, bool prime);
  void MakeRoom();

  const std::shared_ptr<McpServer> server_;
  const McpHttpOptions options_;
  std::unordered_map<std::string, Client> sessions_;
};

}  // namespace atelier
