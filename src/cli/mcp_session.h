// What the commands `mcp …` share: the foreign servers of the configuration, and how one is shown at a terminal.
#pragma once

#include <memory>
#include <string>

#include "agent/protocol/mcp_servers.h"
#include "cli/session.h"

namespace atelier {

class McpServersSession {
 public:
  static Result<std::unique_ptr<McpServersSession>> Open(const Invocation& invocation);

  McpServers& servers();
  App& app() { return session_->app(); }
  template <class T>
  T Run(Task<T> task) {
    return session_->Run(std::move(task));
  }
  Call MakeCall() const;
  Result<McpServers::View> Look(const std::string& name) { return Run(servers().Look(MakeCall(), name)); }

 private:
  std::unique_ptr<Session> session_;
};

// The operand that names one of them.
void DeclareMcpServer(Options& options, std::string& name);
// "approved", "new", "changed".
std::string_view StandingName(McpPins::Standing standing);
// What a server, or the like, says under `key`, for a terminal; empty where it is no text.
std::string ShownText(const Json& object, std::string_view key);

}  // namespace atelier
