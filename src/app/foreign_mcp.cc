#include "app/foreign_mcp.h"

#include <filesystem>
#include <utility>

#include "app/app.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = 4 << 20;

std::string FolderOfConfig(const Config& config) {
  std::error_code ignored;
  return std::filesystem::absolute(config.path.empty() ? "." : config.path, ignored).parent_path().string();
}

Result<McpServerConfigs> ReadFileAt(const std::string& path) {
  TRY(const std::string text, ReadWholeFile(Files::Real(), path, kMaxFileBytes));
  return ReadMcpServersFile(text, path);
}

}  // namespace

Result<void> CheckMcpServers(const McpServerConfigs& configs) {
  for (const auto& [name, config] : configs) {
    auto checked = CheckMcpServer(name, config);
    if (!checked.ok()) return std::move(checked).error().Under("mcpServers." + name);
  }
  return {};
}

Result<std::shared_ptr<McpServers>> OpenMcpServers(App& app, AsyncHttpClient& http) {
  const Config& config = app.config();
  McpServerConfigs all = config.mcp_servers;
  const std::string folder = FolderOfConfig(config);
  for (auto& [name, server] : all) server.folder = folder;
  for (const std::string& file : config.mcp_files) {
    auto read = ReadFileAt((std::filesystem::path(folder) / file).lexically_normal().string());
    if (!read.ok()) {
      LogWarn("mcp_files: " + read.error().Message());
      continue;
    }
    // What atelier.yaml says, and an earlier file, goes before.
    all.merge(*std::move(read));
  }
  McpServers::Parts parts{.loop = app.loop(), .http = http, .files = Files::Real(), .folder = HomeDirectory(config)};
  return McpServers::Open(std::move(parts), std::move(all));
}

}  // namespace atelier
