// Tools with which an agent reads a foreign MCP server's resources and prompts: SERVER__list_resources,
// SERVER__read_resource, SERVER__get_prompt. Their definitions are ours; what they give is the server's, from outside.
#pragma once

#include "agent/protocol/mcp_tools.h"

namespace atelier {

AgentTools MakeMcpReaders(McpReach reach, const McpToolPolicy& policy);

}  // namespace atelier
