// Tools of a foreign MCP server as tools of our agents. A foreign definition is text that a model will read and obey,
// so it is pinned: what a person has approved is known by its hash, and a definition that is new or has changed since
// is not offered until it is approved (again). A tool that vanishes and one that gets another schema are changes alike.
//
// Names become "SERVER__TOOL", with what a model's function name cannot have replaced; what a tool says of itself
// (annotations: read-only, idempotent) is a stranger's word and is not taken for safety unless the configuration trusts
// the server.   [2026-07-28, server/tools]
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/mcp_client.h"
#include "agent/tools/tool.h"
#include "base/io/files.h"

namespace atelier {

// Hashes of approved definitions, by "SERVER/TOOL": a JSON object in a file. Thread-safe.
class McpPins {
 public:
  // Of everything that a model or the runtime is told of a tool.
  static std::string HashOf(const Json& definition);

  // In memory alone.
  McpPins() = default;
  // Errors: kCorrupt where the file is no such object. A file that is not there is empty.
  static Result<std::unique_ptr<McpPins>> Open(Files& files, std::string path);

  enum class Standing { kApproved, kNew, kChanged };
  Standing Judge(const std::string& server, const Json& definition) const;
  Result<void> Approve(const std::string& server, const Json& definition);
  // False: there was none.
  Result<bool> Forget(const std::string& server, const std::string& tool);

 private:
  Result<void> Save();

  Files* files_ = nullptr;
  std::string path_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> hashes_;
};

struct McpToolPolicy {
  std::string server;           // the name that the configuration gives it
  bool trusted = false;         // its annotations are believed, and its definitions need no approval
  bool needs_approval = false;  // each call
  std::chrono::milliseconds timeout{60'000};
};

struct McpToolSet {
  AgentTools tools;
  std::vector<std::string> refused;  // "weather/get: its definition is new: …"
  std::vector<Json> unapproved;      // the definitions of those, for a person to look at
};

// The tools of a connected server. The tools keep the client.
McpToolSet MakeMcpTools(std::shared_ptr<McpClient> client, const std::vector<Json>& definitions,
                        const McpToolPolicy& policy, const McpPins& pins);

// A result of tools/call as an agent reads it. Text parts are joined; others stay parts, their data not in the text.
ToolOutput ReadMcpResult(const Json& result);

}  // namespace atelier
