// This application as an agent of editors (ACP): its sessions of one connection, made, found again, listed and let go
// of. One editor's connection has one host; sessions are kept in atelier.db, whoever made them.   Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/protocol/acp_connection.h"
#include "app/acp_session.h"
#include "app/acp_store.h"
#include "app/app.h"

namespace atelier {

class AcpHost final : public AcpAgent {
 public:
  // Serves one editor that reads what `write` is given. `app` outlives it.
  static Result<std::shared_ptr<AcpConnection>> Connect(App& app, RpcPeer::Write write);

  // What outlives the connections' sessions.
  struct Stores {
    std::unique_ptr<AcpStore> sessions;
    std::unique_ptr<McpPins> pins;
  };
  AcpHost(App& app, std::shared_ptr<const Stores> stores, std::weak_ptr<AcpClient> client)
      : app_(app), stores_(std::move(stores)), client_(std::move(client)) {}

  Task<Result<Json>> NewSession(Call call, AcpSessionSetup setup) override;
  Task<Result<Json>> OpenSession(Call call, AcpSessionSetup setup, bool replay) override;
  Task<Result<Json>> ListSessions(Call call, AcpListSessions list) override;
  Task<Result<Json>> CloseSession(Call call, AcpSessionId id) override;
  Task<Result<Json>> DeleteSession(Call call, AcpSessionId id) override;
  Task<Result<Json>> SetMode(Call call, AcpSetMode set) override;
  Task<Result<Json>> SetConfigOption(Call call, AcpSetConfigOption set) override;
  Task<Result<Json>> Prompt(Call call, AcpPrompt prompt) override;
  void Cancel(const std::string& session_id) override;

 private:
  Result<std::shared_ptr<AcpSession>> Find(const std::string& id) const;
  std::shared_ptr<AcpSession> Open(StoredAcpSession stored, std::vector<AcpMcpServer> servers);
  void TellLater(const std::shared_ptr<AcpSession>& session);
  AcpStore& store() { return *stores_->sessions; }

  App& app_;
  const std::shared_ptr<const Stores> stores_;
  const std::weak_ptr<AcpClient> client_;
  std::map<std::string, std::shared_ptr<AcpSession>> open_;
};

}  // namespace atelier
