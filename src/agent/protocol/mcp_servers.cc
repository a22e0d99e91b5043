#include "agent/protocol/mcp_servers.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "agent/protocol/mcp_http_transport.h"
#include "agent/protocol/mcp_readers.h"
#include "agent/protocol/mcp_stdio_transport.h"
#include "agent/tools/tool_entry.h"
#include "base/text/glob.h"

namespace atelier {
namespace {

constexpr std::chrono::seconds kConnectTime{90};  // programs that have to be fetched first (npx, uvx) take long
constexpr std::chrono::seconds kProbeTime{30};    // of which a server may be silent to what it does not know
constexpr std::chrono::seconds kAgreeTime{600};   // where a person has to agree in a browser
constexpr std::chrono::seconds kListedFor{60};    // where changes are not told: without a session
constexpr char kDepth[] = "ATELIER_MCP_DEPTH";
constexpr int kMaxDepth = 4;
constexpr std::string_view kPins = "/mcp-approved.json";

std::string NameIn(const Json& definition) {
  return definition["name"].is_string() ? definition["name"].AsString() : std::string();
}

bool LetsThrough(const McpServerConfig& config, const std::string& tool) {
  return std::ranges::any_of(config.tools, [&](const std::string& glob) { return GlobMatches(glob, tool); });
}

// How many servers stand between us and the program that somebody started: an application may have itself among its
// servers, and must not start itself without end.
int Depth(const McpVariables& variables) { return std::atoi(variables(kDepth).value_or("0").c_str()); }

LiveChildSpec ChildOf(const McpServerConfig& config, int depth) {
  LiveChildSpec spec;
  spec.args = config.args;
  spec.args.insert(spec.args.begin(), config.command);
  spec.environment = LiveChild::PlainEnvironment();
  for (const auto& [name, value] : config.env) {
    std::erase_if(spec.environment, [&](const auto& variable) { return variable.first == name; });
    spec.environment.emplace_back(name, value);
  }
  spec.environment.emplace_back(kDepth, std::to_string(depth + 1));
  spec.folder = config.cwd.empty() ? config.folder : config.cwd;
  return spec;
}

}  // namespace

Result<std::shared_ptr<McpServers>> McpServers::Open(Parts parts, McpServerConfigs configs) {
  TRY(auto pins, McpPins::Open(parts.files, parts.folder + std::string(kPins)));
  std::shared_ptr<McpServers> servers(new McpServers(std::move(parts), std::move(pins)));
  for (auto& [name, config] : configs) {
    if (config.disabled) continue;
    auto server = std::make_unique<Server>();
    server->name = name, server->config = std::move(config);
    servers->servers_.push_back(std::move(server));
  }
  return servers;
}

McpServers::~McpServers() {
  // Programs end here; a session of a server by URL is left to its own clock.
  for (const auto& server : servers_) {
    if (server->client) Spawn(server->client->Close());
  }
}

std::vector<std::string> McpServers::names() const {
  std::vector<std::string> names;
  for (const auto& server : servers_) names.push_back(server->name);
  return names;
}

McpServers::Server* McpServers::FindServer(const std::string& name) const {
  const auto at = std::ranges::find_if(servers_, [&](const auto& server) { return server->name == name; });
  return at == servers_.end() ? nullptr : at->get();
}

const McpServerConfig* McpServers::Find(const std::string& name) const {
  const Server* server = FindServer(name);
  return server == nullptr ? nullptr : &server->config;
}

McpToolPolicy McpServers::PolicyOf(const Server& server) const {
  McpToolPolicy policy{.server = server.name, .trusted = server.config.trusted};
  policy.needs_approval = server.config.needs_approval;
  policy.timeout = std::chrono::milliseconds(std::llround(server.config.timeout_seconds * 1000));
  return policy;
}

AgentTools McpServers::Tools() const {
  AgentTools tools;
  std::set<std::string> names;
  const auto add = [&](std::shared_ptr<AgentTool> tool) {
    if (CheckToolSpec(tool->spec()) && names.insert(tool->spec().name).second) tools.push_back(std::move(tool));
  };
  const auto self = std::const_pointer_cast<McpServers>(shared_from_this());
  for (const auto& server : servers_) {
    std::vector<Json> definitions = pins_->Of(server->name);
    std::erase_if(definitions, [&](const Json& one) { return !LetsThrough(server->config, NameIn(one)); });
    const McpReach reach = [self, name = server->name](Call call, std::string tool) {
      return self->Reach(std::move(call), name, std::move(tool));
    };
    McpToolSet set = MakeMcpTools(reach, definitions, PolicyOf(*server), *pins_);
    for (auto& tool : set.tools) add(std::move(tool));
    if (!server->config.resources) continue;
    for (auto& tool : MakeMcpReaders(reach, PolicyOf(*server))) add(std::move(tool));
  }
  return tools;
}

bool McpServers::Changed() {
  const auto followed = pins_->Follow();
  return std::exchange(changed_, false) || (followed.ok() && *followed);
}

std::string McpServers::WhyNone(const std::string& pattern) const {
  for (const auto& server : servers_) {
    if (!pattern.starts_with(McpFunctionName(server->name, ""))) continue;
    return "of the MCP server " + server->name + (num_approved(server->name) == 0 ? " nothing" : " no such tool") +
           " is approved: `atelier mcp approve " + server->name + "`";
  }
  return {};
}

Task<std::vector<std::string>> McpServers::Prepare(Call call) {
  const auto self = shared_from_this();
  std::vector<std::string> reasons;
  for (const auto& server : servers_) {
    if (!server->config.trusted || num_approved(server->name) > 0) continue;
    auto reached = co_await Ensure(call, *server);
    if (!reached) reasons.push_back(reached.error().Message());
  }
  co_return reasons;
}

Result<std::unique_ptr<McpTransport>> McpServers::TransportOf(const Server& server) const {
  TRY_VOID(CheckMcpServer(server.name, server.config));
  TRY(const McpServerConfig config, ExpandMcpServer(server.config, parts_.variables));
  if (config.is_program()) {
    const int depth = Depth(parts_.variables);
    if (depth >= kMaxDepth) return Error::Denied(config.command, "MCP servers start each other, four deep");
    return std::make_unique<McpStdioTransport>(parts_.loop, ChildOf(config, depth));
  }
  TRY(const Url url, Url::Parse(config.url));
  McpHttpTransportOptions options;
  options.url = config.url;
  for (const auto& [name, value] : config.headers) options.headers.Set(name, value);
  options.egress = EgressPolicy::OnlyOriginOf(url);
  if (parts_.authorizer) options.authorizer = parts_.authorizer(config, authorize_);
  return std::make_unique<McpHttpTransport>(parts_.loop, parts_.http, std::move(options));
}

Task<Result<void>> McpServers::Open(Call call, Server& server) {
  auto transport = TransportOf(server);
  if (!transport) co_return std::move(transport).error().Under(server.name);
  McpClientOptions options;
  options.server = server.name;
  const std::chrono::milliseconds time = authorize_ ? kAgreeTime : kConnectTime;
  options.request_time = std::max(PolicyOf(server).timeout, time);
  options.probe_time = authorize_ ? kAgreeTime : kProbeTime;
  options.handlers.on_notification = [weak = weak_from_this(), at = &server](const std::string& method, const Json&) {
    if (method == "notifications/tools/list_changed" && !weak.expired()) at->listed = false;
  };
  call.deadline = std::min(call.deadline, parts_.loop.Now() + time);
  auto connecting = McpClient::Connect(call, parts_.loop, *std::move(transport), std::move(options));
  CO_TRY(server.client, co_await std::move(connecting));
  server.listed = false;
  co_return co_await List(std::move(call), server);
}

Task<Result<void>> McpServers::List(Call call, Server& server) {
  const std::shared_ptr<McpClient> client = server.client;
  std::vector<Json> definitions;
  server.listed = true;  // a change that is told meanwhile counts
  server.listed_at = parts_.loop.Now();
  if (client->capabilities().Has("tools")) {
    auto listed = co_await client->ListTools(std::move(call));
    if (!listed) {
      server.listed = false;
      co_return std::move(listed).error().Under(server.name);
    }
    definitions = *std::move(listed);
  }
  server.definitions = std::move(definitions);
  if (!server.config.trusted) co_return Result<void>();
  const auto is_approved = [&](const Json& one) {
    return pins_->Judge(server.name, one) == McpPins::Standing::kApproved;
  };
  if (std::ranges::all_of(server.definitions, is_approved)) co_return Result<void>();
  co_return Approve(server.name, server.definitions);
}

Task<Result<void>> McpServers::Ensure(Call call, Server& server) {
  while (server.connecting) {
    const auto over = Channel<bool>::Create(parts_.loop, 1);
    server.waiting.push_back(over);
    const std::stop_callback on_stop(call.stop, [over] { over->Close(); });
    co_await over->NextBatch();
    if (call.stopped(parts_.loop.Now())) co_return Error::Cancelled(server.name, "stopped by the caller");
  }
  if (server.client && server.client->is_over()) server.client.reset();
  const bool told = server.client && !server.client->stateless();
  if (server.client && server.listed && (told || parts_.loop.Now() < server.listed_at + kListedFor)) {
    co_return Result<void>();
  }
  server.connecting = true;
  Result<void> done;
  if (server.client) {
    done = co_await List(call, server);
  } else {
    done = co_await Open(call, server);
  }
  server.connecting = false;
  for (const auto& one : std::exchange(server.waiting, {})) one->Close();
  if (!done && server.client && server.client->is_over()) server.client.reset();
  co_return done;
}

Result<void> McpServers::CheckPin(const Server& server, const std::string& tool) const {
  const auto is_it = [&](const Json& one) { return NameIn(one) == tool; };
  const auto at = std::ranges::find_if(server.definitions, is_it);
  if (at == server.definitions.end()) return Error::NotFound(server.name, "the server has no tool '" + tool + "' now");
  if (pins_->Judge(server.name, *at) == McpPins::Standing::kApproved) return {};
  return Error::Denied(server.name, "the definition of '" + tool +
                                        "' is not the one that was approved; `atelier mcp approve " + server.name +
                                        "` shows it")
      .WithCode("mcp_tool_changed");
}

Task<Result<std::shared_ptr<McpClient>>> McpServers::Reach(Call call, std::string name, std::string tool) {
  const auto self = shared_from_this();
  Server* server = FindServer(name);
  CO_TRY_VOID(co_await Ensure(std::move(call), *server));
  if (!tool.empty()) CO_TRY_VOID(CheckPin(*server, tool));
  co_return server->client;
}

Task<Result<std::shared_ptr<McpClient>>> McpServers::Connect(Call call, std::string name) {
  if (FindServer(name) == nullptr) {
    std::vector<std::string_view> known;
    for (const auto& server : servers_) known.push_back(server->name);
    const std::string near(Nearest(name, known));
    co_return Error::NotFound("MCP server", "got '" + name.substr(0, 80) + "', want one of mcpServers" +
                                                (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  co_return co_await Reach(std::move(call), std::move(name), std::string());
}

Task<Result<McpServers::View>> McpServers::Look(Call call, std::string name) {
  const auto self = shared_from_this();
  CO_TRY(const auto client, co_await Connect(std::move(call), name));
  const Server& server = *FindServer(name);
  View view{.info = client->server_info(), .revision = client->revision(), .instructions = client->instructions()};
  view.skipped = client->skipped_tools();
  for (const Json& one : server.definitions) {
    if (LetsThrough(server.config, NameIn(one))) view.tools.push_back({one, pins_->Judge(name, one)});
  }
  for (const Json& pinned : pins_->Of(name)) {
    const auto is_it = [&](const Json& one) { return NameIn(one) == NameIn(pinned); };
    if (std::ranges::none_of(server.definitions, is_it)) view.gone.push_back(NameIn(pinned));
  }
  co_return view;
}

Result<void> McpServers::Approve(const std::string& name, const std::vector<Json>& definitions) {
  TRY_VOID(parts_.files.MakeFolders(parts_.folder));
  TRY_VOID(pins_->Approve(name, definitions));
  changed_ = true;
  return {};
}

Task<void> McpServers::Close() {
  const auto self = shared_from_this();
  for (const auto& server : servers_) {
    const auto client = std::exchange(server->client, nullptr);
    if (client) co_await client->Close();
  }
}

}  // namespace atelier
