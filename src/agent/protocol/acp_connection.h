// One editor's connection: its requests, read and checked, to an AcpAgent (what an application implements), and the
// editor itself as that agent sees it (AcpClient). Before `initialize` nothing is answered. A request that is cancelled
// ($/cancel_request) has its call stopped; one whose editor has gone too, and AcpClient::gone tells the two apart.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/protocol/acp.h"
#include "base/net/rpc_peer.h"

namespace atelier {

class AcpClient {
 public:
  virtual ~AcpClient() = default;
  virtual Loop& loop() = 0;
  virtual const AcpClientAbilities& can() const = 0;
  // The connection has ended: nothing reaches it any more.
  virtual bool gone() const = 0;
  virtual void Update(const std::string& session_id, Json update) = 0;
  // Its result. Errors: the editor's own as kUnavailable, code "acp_fault"; those of RpcQuestions::Ask.
  virtual Task<Result<Json>> Ask(Call call, std::string method, Json params) = 0;
};

class AcpAgent {
 public:
  virtual ~AcpAgent() = default;
  virtual Task<Result<Json>> NewSession(Call call, AcpSessionSetup setup) = 0;
  // `replay`: tells what has been said (session/load); without, it does not (session/resume).
  virtual Task<Result<Json>> OpenSession(Call call, AcpSessionSetup setup, bool replay) = 0;
  virtual Task<Result<Json>> ListSessions(Call call, AcpListSessions list) = 0;
  virtual Task<Result<Json>> CloseSession(Call call, AcpSessionId id) = 0;
  virtual Task<Result<Json>> DeleteSession(Call call, AcpSessionId id) = 0;
  virtual Task<Result<Json>> SetMode(Call call, AcpSetMode set) = 0;
  virtual Task<Result<Json>> SetConfigOption(Call call, AcpSetConfigOption set) = 0;
  // {"stopReason"}
  virtual Task<Result<Json>> Prompt(Call call, AcpPrompt prompt) = 0;
  virtual void Cancel(const std::string& session_id) = 0;
};

class AcpConnection final : public AcpClient, public std::enable_shared_from_this<AcpConnection> {
 public:
  using MakeAgent = std::function<std::shared_ptr<AcpAgent>(std::weak_ptr<AcpClient> client)>;
  // `make` is called once the editor has said what it can do.
  static std::shared_ptr<AcpConnection> Create(Loop& loop, RpcPeer::Write write, MakeAgent make);

  void TakeLine(std::string_view line) { peer_->TakeLine(line); }
  // The editor has gone: what is under way is stopped.
  void Close() { peer_->Close(); }
  // Waits until all of it has ended, within the call's deadline.
  Task<void> Drain(Call call) { return peer_->Drain(std::move(call)); }

  Loop& loop() override { return loop_; }
  const AcpClientAbilities& can() const override { return abilities_; }
  bool gone() const override { return peer_->is_closed(); }
  void Update(const std::string& session_id, Json update) override;
  Task<Result<Json>> Ask(Call call, std::string method, Json params) override;

 private:
  explicit AcpConnection(Loop& loop) : loop_(loop) {}
  Task<std::optional<RpcMessage>> Serve(Call call, RpcMessage request);
  Task<Result<Json>> Answer(Call call, std::string method, Json params);
  Result<Json> Initialize(const Json& params);
  void Hear(const RpcMessage& notification);

  Loop& loop_;
  MakeAgent make_;
  AcpClientAbilities abilities_;
  std::shared_ptr<AcpAgent> agent_;  // null before `initialize`
  std::shared_ptr<RpcPeer> peer_;
};

}  // namespace atelier
