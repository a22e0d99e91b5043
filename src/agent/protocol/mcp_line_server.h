// An MCP server's side of one channel that carries a message a line: stdio. Both eras on the same channel, as each
// message shows: what carries the stateless era's `_meta` is served on its own, the rest belongs to one session.
// Loop thread only.   [2026-07-28, transports, stdio; versioning]
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/protocol/mcp_server.h"
#include "agent/protocol/mcp_session.h"
#include "base/net/rpc_peer.h"

namespace atelier {

class McpLineServer : public std::enable_shared_from_this<McpLineServer> {
 public:
  // Writes a line; false: nobody reads.
  using Write = std::function<bool(const std::string& line)>;
  static std::shared_ptr<McpLineServer> Create(std::shared_ptr<McpServer> server, std::string principal, Write write);
  ~McpLineServer();

  void Take(std::string_view line);
  // The client has gone: ends what is under way.
  void Close();
  size_t num_running() const { return peer_->num_running() + (session_ ? session_->num_running() : 0); }

 private:
  McpLineServer(std::shared_ptr<McpServer> server, std::string principal);
  Task<std::optional<RpcMessage>> ServeStateless(Call call, RpcMessage request);

  const std::shared_ptr<McpServer> server_;
  const std::string principal_;
  std::shared_ptr<RpcPeer> peer_;  // serves the stateless era
  std::shared_ptr<McpOutlet> outlet_;
  std::shared_ptr<McpSession> session_;
};

}  // namespace atelier
