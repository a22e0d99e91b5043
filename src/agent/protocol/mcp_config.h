// `mcpServers`: foreign MCP servers, as editors write them down: by name a program to start, or a URL. In atelier.yaml
// it stands as it does in their files, which are read too (`.mcp.json`, `claude_desktop_config.json`, VS Code's
// `mcp.json` with `servers`, settings with `mcp.servers`); comments and commas before a closing bracket are borne with
// there, and keys that only an editor knows are passed over.
//
// Values may name what is put in their place when the server is started or asked, never before:
//
//   ${NAME} ${NAME:-default} ${env:NAME}     a variable of our environment
//   ${userHome} ${workspaceFolder} ${workspaceFolderBasename} ${pathSeparator}
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

struct McpServerConfig {
  std::string type = {};  // "stdio", "http" (or "streamable-http"), "sse"; empty: by what is there
  std::string command = {};
  std::vector<std::string> args = {};
  std::map<std::string, std::string> env = {};
  std::string cwd = {};
  std::string url = {};
  std::map<std::string, std::string> headers = {};
  bool disabled = false;
  // What editors do not know.
  std::vector<std::string> tools{"*"};  // globs of the server's own names: others are not there
  bool trusted = false;                 // definitions need no approval, and what they say of safety is believed
  bool needs_approval = false;          // of each call
  bool resources = false;               // tools that list and read its resources and prompts
  bool connector = false;               // clients of /v1/responses may name it as connector_id
  double timeout_seconds = 60;          // of a call
  std::string folder = {};              // of the file that it stands in: what "workspaceFolder" is; not a key

  bool is_program() const { return !command.empty(); }
  static Fields Describe();
};
using McpServerConfigs = std::map<std::string, McpServerConfig>;

// Errors: kInvalid under the key: neither or both of command and url, a type that does not fit, a name that is none.
Result<void> CheckMcpServer(const std::string& name, const McpServerConfig& config);
// Of a file as editors keep it; `path` is for errors and for what its folder is. Errors: kInvalid under path and name.
Result<McpServerConfigs> ReadMcpServersFile(std::string_view text, const std::string& path);

using McpVariables = std::function<std::optional<std::string>(const std::string& name)>;
// All values with what they name put in. Errors: kInvalid under the key: a variable that is not set, what only an
// editor can ask its user for (${input:…}), a placeholder that is none.
Result<McpServerConfig> ExpandMcpServer(McpServerConfig config, const McpVariables& variables);
// Those of our process.
std::optional<std::string> EnvironmentVariable(const std::string& name);

}  // namespace atelier
