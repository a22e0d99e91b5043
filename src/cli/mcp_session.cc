#include "cli/mcp_session.h"

#include "app/agent_library.h"
#include "cli/terminal_text.h"

namespace atelier {

Result<std::unique_ptr<McpServersSession>> McpServersSession::Open(const Invocation& invocation) {
  auto session = std::make_unique<McpServersSession>();
  TRY(session->session_, Session::Open(invocation, ModelOptions()));
  return session;
}

McpServers& McpServersSession::servers() { return app().agents().mcp_servers(); }

Call McpServersSession::MakeCall() const {
  Call call;
  call.stop = session_->interrupt().token();
  return call;
}

void DeclareMcpServer(Options& options, std::string& name) {
  options.Text("server", name, "which server");
  options.Required();
  options.Takes("NAME", Completion::kNothing);
}

std::string_view StandingName(McpPins::Standing standing) {
  switch (standing) {
    case McpPins::Standing::kApproved: return "approved";
    case McpPins::Standing::kNew: return "new";
    case McpPins::Standing::kChanged: return "changed";
  }
  return "";
}

std::string ShownText(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? SafeForTerminal(value.AsString()) : std::string();
}

}  // namespace atelier
