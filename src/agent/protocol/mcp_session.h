// One client's session of the stateful era (up to 2025-11-25): what `initialize` agreed on, the requests under way in
// both directions, the level of the log and the resources it watches.
//
// Each message comes with the outlet that belongs to it; what belongs to none (lists have changed) goes to the one that
// the session was made with. The session ends when Close is called; nothing of it is answered after that.   Loop
// thread only.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "agent/protocol/mcp_server.h"

namespace atelier {

class McpSession final : public McpListener, public std::enable_shared_from_this<McpSession> {
 public:
  // `apart`: where messages go that belong to no request.
  static std::shared_ptr<McpSession> Create(std::shared_ptr<McpServer> server, std::string principal,
                                            std::shared_ptr<McpOutlet> apart);
  ~McpSession() override;

  // Takes one message of the client's. A request is answered at `outlet`, which is then ended.
  void Take(RpcMessage message, std::shared_ptr<McpOutlet> outlet);

  bool initialized() const { return !caller_.revision.empty(); }
  // As agreed on; empty before.
  const std::string& revision() const { return caller_.revision; }
  const std::string& principal() const { return caller_.principal; }
  size_t num_running() const { return running_.size(); }

  void ListChanged(std::string_view kind) override;
  void ResourceUpdated(const std::string& uri) override;
  void Close() override;

 private:
  McpSession(std::shared_ptr<McpServer> server, std::string principal, std::shared_ptr<McpOutlet> apart);
  void TakeRequest(RpcMessage request, std::shared_ptr<McpOutlet> outlet);
  void TakeNotification(const RpcMessage& message);
  RpcMessage Initialize(const RpcMessage& request);
  // Requests that the session itself answers; nothing: the server does.
  std::optional<RpcMessage> AnswerHere(const RpcMessage& request);
  RpcMessage SetLevel(const RpcMessage& request);
  RpcMessage Watch(const RpcMessage& request, bool on);
  Task<void> Run(RpcMessage request, std::shared_ptr<McpOutlet> outlet, std::stop_source stop);
  McpContextPtr MakeContext(const RpcMessage& request, std::shared_ptr<McpOutlet> outlet, std::stop_token stop);

  const std::shared_ptr<McpServer> server_;
  const std::shared_ptr<McpOutlet> apart_;
  McpCaller caller_;
  RpcQuestions questions_;
  std::unordered_map<std::string, std::stop_source> running_;
  McpLogLevel log_level_ = McpLogLevel::kInfo;
  std::set<std::string> watched_;
  bool closed_ = false;
};

}  // namespace atelier
