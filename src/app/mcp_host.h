// This application as an MCP server: its tools, its agents as tools ("ask_NAME"), its corpora as resources. One server
// for HTTP (/mcp) and stdio (`atelier mcp`).
//
// Prompt files are offered as prompts (mcp_prompts.h).
//
//   atelier://corpora            what corpora there are
//   atelier://corpora/NAME       how one was made
//   atelier://corpora/NAME/search?query=…   what it has on a question; NAME is completed
//
// A tool that is sensitive or needs a person's approval is offered to clients that can ask their user (elicitation),
// and asks. An agent's run that has to wait for a person asks by elicitation where an answer can be waited for: in a
// session, and in a task, which a call of an agent becomes where the client knows tasks. Else the client is told the
// run's id.   Loop thread only.
#pragma once

#include <memory>

#include "agent/protocol/mcp_http.h"
#include "agent/protocol/mcp_server.h"

namespace atelier {

class App;
class McpPromptFiles;

class McpHost {
 public:
  // `app` outlives it. Where its server listens on this machine alone, clients must name it so (mcp_http.h).
  explicit McpHost(App& app);

  const std::shared_ptr<McpServer>& server() { return server_; }
  McpHttp& http() { return *http_; }
  // Tells clients when prompt files have changed, until the call is stopped.
  Task<void> Watch(Call call);

 private:
  std::shared_ptr<McpServer> server_;
  std::unique_ptr<McpHttp> http_;
  std::shared_ptr<McpPromptFiles> prompts_;  // null: there is no folder of them
};

}  // namespace atelier
