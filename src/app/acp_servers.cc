#include "app/acp_servers.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/mcp_http_transport.h"
#include "agent/protocol/mcp_stdio_transport.h"
#include "base/process/live_child.h"
#include "base/task/for_each.h"

namespace atelier {
namespace {

constexpr std::chrono::seconds kStartTime{60};  // programs that are fetched first take their time
constexpr size_t kAtOnce = 4;

McpToolPolicy PolicyOf(const std::string& server) {
  McpToolPolicy policy;
  policy.server = server, policy.needs_approval = true;
  return policy;
}

}  // namespace

Result<std::unique_ptr<McpTransport>> AcpServers::TransportOf(const AcpMcpServer& config) {
  const std::string where = "MCP server " + config.name;
  if (config.type == "http") {
    TRY_VOID(Url::Parse(config.url));
    McpHttpTransportOptions options;
    options.url = config.url, options.egress = parts_.egress;
    for (const AcpVariable& header : config.headers) options.headers.Set(header.name, header.value);
    return std::make_unique<McpHttpTransport>(parts_.loop, http_, std::move(options));
  }
  if (!config.type.empty() && config.type != "stdio") {
    return Error::Unsupported(where, "got the transport '" + config.type + "', want stdio or http");
  }
  if (config.command.empty()) return Error::Invalid(where, "got no command, want one");
  LiveChildSpec spec;
  spec.args = config.args, spec.folder = parts_.folder;
  spec.args.insert(spec.args.begin(), config.command);
  spec.environment = LiveChild::PlainEnvironment();
  for (const AcpVariable& variable : config.env) spec.environment.emplace_back(variable.name, variable.value);
  return std::make_unique<McpStdioTransport>(parts_.loop, std::move(spec));
}

Task<Result<void>> AcpServers::Start(Call call, const AcpMcpServer& config) {
  CO_TRY(auto transport, TransportOf(config));
  McpClientOptions options;
  options.server = "MCP server " + config.name;
  call.deadline = std::min(call.deadline, parts_.loop.Now() + kStartTime);
  auto connecting = McpClient::Connect(call, parts_.loop, std::move(transport), std::move(options));
  CO_TRY(std::shared_ptr<McpClient> client, co_await connecting);
  CO_TRY(std::vector<Json> definitions, co_await client->ListTools(call));
  servers_[config.name] = Server{std::move(client), std::move(definitions)};
  co_return Result<void>();
}

Task<std::vector<std::string>> AcpServers::Connect(Call call) {
  std::vector<std::string> problems;
  const auto start = [&](size_t i) -> Task<Result<void>> {
    if (servers_.contains(configs_[i].name)) co_return Result<void>();
    const Result<void> started = co_await Start(call, configs_[i]);
    if (!started.ok()) problems.push_back(started.error().Message());
    co_return Result<void>();
  };
  auto starting = ForEach(configs_.size(), kAtOnce, start);
  (void)co_await starting;  // each that failed has said so
  co_return problems;
}

std::map<std::string, std::vector<Json>> AcpServers::Unapproved() const {
  std::map<std::string, std::vector<Json>> unapproved;
  for (const auto& [name, server] : servers_) {
    if (refused_.contains(name)) continue;
    for (const Json& definition : server.definitions) {
      const bool known = parts_.pins.Judge(name, definition) == McpPins::Standing::kApproved ||
                         of_session_.Judge(name, definition) == McpPins::Standing::kApproved;
      if (!known) unapproved[name].push_back(definition);
    }
  }
  return unapproved;
}

Result<void> AcpServers::Approve(const std::string& server, const std::vector<Json>& definitions, bool for_good) {
  return (for_good ? parts_.pins : of_session_).Approve(server, definitions);
}

AgentTools AcpServers::Tools() const {
  AgentTools tools;
  for (const auto& [name, server] : servers_) {
    const McpToolSet for_good = MakeMcpTools(ReachOf(server.client), server.definitions, PolicyOf(name), parts_.pins);
    const McpToolSet for_now = MakeMcpTools(ReachOf(server.client), for_good.unapproved, PolicyOf(name), of_session_);
    tools.insert(tools.end(), for_good.tools.begin(), for_good.tools.end());
    tools.insert(tools.end(), for_now.tools.begin(), for_now.tools.end());
  }
  return tools;
}

bool AcpServers::Has(const std::string& tool) const {
  return std::ranges::any_of(Tools(), [&](const auto& one) { return one->spec().name == tool; });
}

}  // namespace atelier
