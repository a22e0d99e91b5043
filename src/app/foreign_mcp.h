// The foreign MCP servers of an application: those of atelier.yaml and of the files that it names.
#pragma once

#include <memory>

#include "agent/protocol/mcp_servers.h"
#include "app/config.h"

namespace atelier {

class App;

// A path as atelier.yaml means it: from that file's folder on.
std::string BesideConfig(const Config& config, const std::string& path);
// Errors: kInvalid under "mcpServers.NAME".
Result<void> CheckMcpServers(const McpServerConfigs& configs);
// All of them, with what is approved of each under $ATELIER_HOME. A file that cannot be read is logged, and none of its
// servers are there: somebody else keeps it. Errors: kCorrupt, what was approved.
Result<std::shared_ptr<McpServers>> OpenMcpServers(App& app, AsyncHttpClient& http);

}  // namespace atelier
