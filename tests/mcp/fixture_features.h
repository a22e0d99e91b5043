// What the conformance suite of MCP wants a server to offer: tools `test_*`, resources `test://…`, prompts `test_*`
// (its documentation lists them), on the features of agent/protocol. A test's application, no part of the program.
#pragma once

#include <memory>

#include "agent/protocol/mcp_server.h"

namespace atelier {

// `changed` tells the server that its lists have changed; it is called by tools.
struct FixtureHooks {
  std::function<void()> tools_changed;
  std::function<void()> prompts_changed;
};

McpFeatures FixtureFeatures(Loop& loop, std::shared_ptr<FixtureHooks> hooks);

// Its tools (fixture_tools.cc).
std::shared_ptr<McpTools> FixtureTools(Loop& loop, std::shared_ptr<FixtureHooks> hooks);

inline constexpr std::string_view kFixtureImage =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
inline constexpr std::string_view kFixtureAudio = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

}  // namespace atelier
