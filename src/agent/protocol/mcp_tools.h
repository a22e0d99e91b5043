// Tools of a foreign MCP server as tools of our agents. A foreign definition is text that a model will read and obey,
// so it is pinned: what a person has approved is known by its hash, and a definition that is new or has changed since
// is not offered until it is approved (again). A tool that vanishes and one that gets another schema are changes alike.
//
// Names become "SERVER__TOOL", with what a model's function name cannot have replaced; what a tool says of itself
// (annotations: read-only, idempotent) is a stranger's word and is not taken for safety unless the configuration trusts
// the server.   [2026-07-28, server/tools]
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
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

// Approved definitions and their hashes, by "SERVER/TOOL": a JSON object in a file, which several processes may change.
// That definitions are kept lets agents be made while their servers are not there. Thread-safe.
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
  Result<void> Approve(const std::string& server, const std::vector<Json>& definitions);
  // False: there was none.
  Result<bool> Forget(const std::string& server, const std::string& tool);
  // Approved definitions of a server, by name.
  std::vector<Json> Of(const std::string& server) const;
  // Takes up what another process has written. False: nothing.   COST: a stat.
  Result<bool> Follow();

 private:
  struct Pin {
    std::string hash;
    Json definition;
  };
  Result<void> Load();
  Result<void> Save();
  int64_t Stamp() const;

  Files* files_ = nullptr;
  std::string path_;
  mutable std::mutex mutex_;
  std::map<std::string, Pin> pins_;
  int64_t stamp_ = 0;  // of the file as it was read or written last
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

// "SERVER__TOOL", with what a function's name cannot have replaced, at most 64 bytes.
std::string McpFunctionName(const std::string& server, const std::string& tool);

// Gives the client that a call of the tool goes to. Errors: the server is not there, or the tool is not as it was.
using McpReach = std::function<Task<Result<std::shared_ptr<McpClient>>>(Call call, std::string tool)>;

// Always `client`, which is connected.
McpReach ReachOf(std::shared_ptr<McpClient> client);

// Tools of a server, which is reached when one of them is called.
McpToolSet MakeMcpTools(McpReach reach, const std::vector<Json>& definitions, const McpToolPolicy& policy,
                        const McpPins& pins);

// A result of tools/call as an agent reads it. Text parts are joined; others stay parts, their data not in the text.
ToolOutput ReadMcpResult(const Json& result);

}  // namespace atelier
