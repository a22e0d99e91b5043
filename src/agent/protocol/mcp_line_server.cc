#include "agent/protocol/mcp_line_server.h"

#include <utility>

namespace atelier {
namespace {

class LineOutlet final : public McpOutlet {
 public:
  explicit LineOutlet(McpLineServer::Write write) : write_(std::move(write)) {}
  bool Send(const RpcMessage& message) override { return write_(message.Dump()); }

 private:
  const McpLineServer::Write write_;
};

}  // namespace

std::shared_ptr<McpLineServer> McpLineServer::Create(std::shared_ptr<McpServer> server, std::string principal,
                                                     Write write) {
  auto outlet = std::make_shared<LineOutlet>(std::move(write));
  return std::shared_ptr<McpLineServer>(new McpLineServer(std::move(server), std::move(principal), std::move(outlet)));
}

McpLineServer::~McpLineServer() { Close(); }

void McpLineServer::Close() {
  if (session_) session_->Close();
  for (auto& [key, stop] : std::exchange(running_, {})) stop.request_stop();
}

void McpLineServer::Take(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  RpcReading reading = ReadRpcMessage(line, server_->limits().max_message_bytes);
  if (!reading.message) {
    outlet_->Send(reading.fault);
    return;
  }
  RpcMessage message = *std::move(reading.message);
  // The newer era's first word may come without anything of it: a probe.
  const bool stateless = message.is_request() && (HasStatelessMeta(message) || message.method == "server/discover");
  if (stateless) return TakeStateless(std::move(message));
  if (message.is_notification() && Cancelled(message)) return;
  if (session_ == nullptr) session_ = McpSession::Create(server_, principal_, outlet_);
  session_->Take(std::move(message), outlet_);
}

bool McpLineServer::Cancelled(const RpcMessage& message) {
  if (message.method != "notifications/cancelled" || !message.params.is_object()) return false;
  const auto found = running_.find(RpcIdKey(message.params["requestId"]));
  if (found == running_.end()) return false;
  found->second.request_stop();
  return true;
}

void McpLineServer::TakeStateless(RpcMessage request) {
  const auto refuse = [&](RpcError error) { outlet_->Send(RpcMessage::Fault(request.id, std::move(error))); };
  McpCaller caller;
  caller.principal = principal_;
  if (auto fault = McpServer::ReadCaller(request, caller)) return refuse(*std::move(fault));
  const std::string key = RpcIdKey(request.id);
  if (running_.contains(key)) {
    return refuse({.code = RpcError::kInvalidRequest, .message = "id: a request with it is under way", .data = {}});
  }
  if (running_.size() >= static_cast<size_t>(server_->limits().max_running)) {
    return refuse({.code = RpcError::kInternal, .message = "too many requests are under way", .data = {}});
  }
  std::stop_source stop;
  running_.emplace(key, stop);
  Call call;
  call.stop = stop.get_token();
  call.principal = principal_;
  const auto finish = [weak = weak_from_this(), outlet = outlet_, key, stop](RpcMessage answer) {
    if (!stop.stop_requested()) outlet->Send(answer);
    if (const auto self = weak.lock()) self->running_.erase(key);
  };
  Spawn(server_->ServeStateless(std::move(call), std::move(caller), std::move(request), outlet_), finish);
}

}  // namespace atelier
