#include "app/foreign_mcp.h"

#include <filesystem>
#include <utility>

#include "agent/protocol/mcp_credentials.h"
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

// Who asks is told by OAuth, unless the configuration has a key for the server. What its metadata names is a
// stranger's word and goes under the application's policy; the server itself is where its owner said.
Result<std::shared_ptr<McpAuthorizer>> AuthorizerOf(const Config& app_config, AsyncHttpClient& http,
                                                    const McpServerConfig& config, McpServers::OnAuthorize authorize) {
  TRY(const Url url, Url::Parse(config.url));
  EgressConfig egress = app_config.egress;
  egress.private_hosts.push_back(url.scheme + "://" + url.host + ":" + std::to_string(url.port));
  McpOAuthOptions options;
  options.server_url = config.url;
  options.authorize = std::move(authorize);
  TRY(options.egress, EgressPolicy::Create(egress));
  options.store = std::make_shared<McpCredentialFile>(Files::Real(), HomeDirectory(app_config) + "/mcp");
  return std::make_shared<McpOAuth>(http, std::move(options));
}

}  // namespace

std::string BesideConfig(const Config& config, const std::string& path) {
  return (std::filesystem::path(FolderOfConfig(config)) / path).lexically_normal().string();
}

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
    auto read = ReadFileAt(BesideConfig(config, file));
    if (!read.ok()) {
      LogWarn("mcp_files: " + read.error().Message());
      continue;
    }
    // What atelier.yaml says, and an earlier file, goes before.
    all.merge(*std::move(read));
  }
  McpServers::Parts parts{.loop = app.loop(), .http = http, .files = Files::Real(), .folder = HomeDirectory(config)};
  parts.authorizer = [&app, &http](const McpServerConfig& server,
                                   McpServers::OnAuthorize authorize) -> std::shared_ptr<McpAuthorizer> {
    HttpHeaders headers;
    for (const auto& [name, value] : server.headers) headers.Set(name, value);
    if (!headers.Get("Authorization").empty()) return nullptr;
    auto made = AuthorizerOf(app.config(), http, server, std::move(authorize));
    return made.ok() ? *std::move(made) : nullptr;
  };
  return McpServers::Open(std::move(parts), std::move(all));
}

}  // namespace atelier
