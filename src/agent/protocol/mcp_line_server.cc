#include "agent/protocol/mcp_line_server.h"

#include <utility>

namespace atelier {
namespace {

class PeerOutlet final : public McpOutlet {
 public:
  explicit PeerOutlet(std::shared_ptr<RpcPeer> peer) : peer_(std::move(peer)) {}
  bool Send(const RpcMessage& message) override { return peer_->Send(message); }

 private:
  const std::shared_ptr<RpcPeer> peer_;
};

}  // namespace

McpLineServer::McpLineServer(std::shared_ptr<McpServer> server, std::string principal)
    : server_(std::move(server)), principal_(std::move(principal)) {}

std::shared_ptr<McpLineServer> McpLineServer::Create(std::shared_ptr<McpServer> server, std::string principal,
                                                     Write write) {
  RpcPeer::Limits limits;
  limits.max_message_bytes = server->limits().max_message_bytes;
  limits.max_running = static_cast<size_t>(server->limits().max_running);
  Loop& loop = server->loop();
  std::shared_ptr<McpLineServer> lines(new McpLineServer(std::move(server), std::move(principal)));
  RpcPeer::Handlers handlers;
  handlers.serve = [weak = lines->weak_from_this()](Call call, RpcMessage request) {
    return weak.lock()->ServeStateless(std::move(call), std::move(request));
  };
  lines->peer_ = RpcPeer::Create(loop, limits, std::move(write), std::move(handlers));
  lines->outlet_ = std::make_shared<PeerOutlet>(lines->peer_);
  return lines;
}

McpLineServer::~McpLineServer() { Close(); }

void McpLineServer::Close() {
  if (session_) session_->Close();
  peer_->Close();
}

void McpLineServer::Take(std::string_view line) {
  std::optional<RpcMessage> message = peer_->Read(line);
  if (!message) return;
  // The newer era's first word may come without anything of it: a probe.
  const bool stateless = message->is_request() && (HasStatelessMeta(*message) || message->method == "server/discover");
  if (stateless) return peer_->Take(*std::move(message));
  const bool cancels = message->method == "notifications/cancelled" && message->params.is_object();
  if (message->is_notification() && cancels && peer_->Cancel(message->params["requestId"])) return;
  if (session_ == nullptr) session_ = McpSession::Create(server_, principal_, outlet_);
  session_->Take(*std::move(message), outlet_);
}

Task<std::optional<RpcMessage>> McpLineServer::ServeStateless(Call call, RpcMessage request) {
  const auto self = shared_from_this();
  McpCaller caller;
  caller.principal = call.principal = principal_;
  if (auto fault = McpServer::ReadCaller(request, caller)) co_return RpcMessage::Fault(request.id, *std::move(fault));
  const std::stop_token stop = call.stop;
  auto serving = server_->ServeStateless(std::move(call), std::move(caller), std::move(request), outlet_);
  RpcMessage answer = co_await serving;
  // Whoever cancelled wants no answer.
  if (stop.stop_requested()) co_return std::nullopt;
  co_return answer;
}

}  // namespace atelier
