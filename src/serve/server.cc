#include "serve/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "app/a2a_host.h"
#include "app/agent_library.h"
#include "app/api_keys.h"
#include "app/app.h"
#include "app/file_store.h"
#include "app/mcp_host.h"
#include "app/response_store.h"
#include "observe/log.h"
#include "observe/own_metrics.h"
#include "serve/batch_runner.h"
#include "serve/errors.h"
#include "serve/mcp_resource.h"
#include "serve/resource.h"
#include "serve/vector_store_runner.h"

namespace atelier {
namespace {

// A name that begins with "127." may resolve to anything: only digits and dots are an address.
bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

// Whether a path is one of a pattern's, in which "{name}" is any segment.
bool IsPathOf(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = pattern.substr(0, pattern.find('/', 1));
    const std::string_view given = path.substr(0, path.find('/', 1));
    if (wanted != given && !wanted.starts_with("/{")) return false;
    pattern.remove_prefix(wanted.size()), path.remove_prefix(given.size());
  }
  return pattern.empty() && path.empty();
}

bool IsOpen(const HttpRequest& http) {
  if (http.method == "OPTIONS") return true;
  for (const Resource* resource : Resources()) {
    for (const RouteSpec& route : resource->routes) {
      if (route.open && IsPathOf(route.pattern, http.path)) return true;
    }
  }
  return false;
}

// Who calls, before the body is read.
std::optional<HttpResponse> Admit(App& app, HttpRequest& http) {
  app.FollowConfig();
  const bool takes_tokens = http.path == "/mcp" && app.token_door() != nullptr;
  if (!(app.keys().required() || takes_tokens) || IsOpen(http)) return std::nullopt;
  if (takes_tokens) return AdmitToMcp(app, http);
  std::string_view given = http.headers.Get("Authorization");
  if (given.empty()) given = http.headers.Get("X-Api-Key");
  Result<std::string> principal = app.keys().Admit(given);
  if (!principal.ok()) {
    HttpResponse refusal = ErrorResponse(principal.error(), ErrorShapeOf(http.path));
    if (http.path == "/mcp" && refusal.status == 401) refusal.headers.Set("WWW-Authenticate", McpChallenge(http, app));
    return refusal;
  }
  http.call.principal = std::move(*principal);
  return std::nullopt;
}

std::chrono::milliseconds Millis(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

ServerOptions OptionsOf(const ServerConfig& config, App& app) {
  ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.max_connections = config.max_connections;
  options.max_head_bytes = config.max_head_bytes;
  options.max_body_bytes = config.max_body_bytes;
  options.header_timeout = Millis(config.head_seconds);
  options.body_timeout = Millis(config.body_seconds);
  options.idle_timeout = Millis(config.idle_seconds);
  options.write_timeout = Millis(config.write_seconds);
  options.request_timeout = Millis(config.request_seconds);
  options.cors.allowed_origins = config.cors_origins;
  options.cors.allowed_headers += ", MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name";
  options.cors.exposed_headers += ", Mcp-Session-Id, WWW-Authenticate";
  options.certificate_file = config.certificate;
  options.private_key_file = config.private_key;
  options.render_error = [](int status, const Error& error, std::string_view path) {
    return ErrorResponse(error, status, ErrorShapeOf(path));
  };
  options.on_head = [&app](HttpRequest& http) { return Admit(app, http); };
  options.on_done = [&app](const HttpExchange& exchange) {
    LogDebug(exchange.method + " " + exchange.path + " " + std::to_string(exchange.status));
    app.own_metrics().CountRequest(exchange.method, exchange.pattern, exchange.status,
                                   std::chrono::duration<double>(exchange.duration).count());
  };
  return options;
}

// What the server counts by itself, as metrics.
void ReportTo(OwnMetrics& metrics, const ServerStats& stats) {
  const OwnMetrics::Server server = metrics.server();
  server.open_connections.Set(static_cast<double>(stats.open_connections));
  server.open_requests.Set(static_cast<double>(stats.open_requests));
  server.connections.SetTotal(static_cast<double>(stats.accepted));
  server.connections_refused.SetTotal(static_cast<double>(stats.refused));
  server.slow_readers_cut.SetTotal(static_cast<double>(stats.slow_readers_cut));
}

// Loads the default model so that the first request need not wait.
Task<void> Warm(App& app) {
  Result<ModelListing> model = app.FindModel("", "chat");
  if (!model.ok()) {
    LogWarn(model.error().Message());
    co_return;
  }
  GenerationRequest request;
  request.model = model->id;
  request.prompt = TextPrompt{"warm"};
  Call call;
  const Result<Generation> prepared = co_await app.language_model().Prepare(std::move(call), std::move(request));
  if (!prepared.ok()) LogWarn(prepared.error().Message());
}

// Each connection is an open file; the usual soft limit of 1024 would end short of max_connections. Where the hard
// limit is lower, `atelier doctor` says so.
void AllowOpenFiles(int32_t max_connections) {
  constexpr rlim_t kBeside = 256;  // models, databases, the clients that are being refused
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(max_connections) + kBeside;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

Error WithAdvice(Error error) {
  if (error.kind == ErrorKind::kUnavailable) {
    error.what += "; choose another with --port (or server.port), or see with `atelier doctor` who listens there";
  }
  return error;
}

// Runs go on where the last server left them; what they used beside us ends with them.
Task<void> RunAgents(App& app, Call call) {
  co_await app.agents().Prepare(call);
  co_await app.agents().keeper().Run(std::move(call));
  co_await app.agents().Close();
}

Task<void> DrainAndStop(HttpServer& server, IoLoop& loop, double drain_seconds) {
  const auto patience =
      std::chrono::duration_cast<Clock::TimePoint::duration>(std::chrono::duration<double>(drain_seconds));
  co_await server.Drain(loop.Now() + patience);
  loop.Stop();
}

}  // namespace

Result<void> CheckExposure(const ServerConfig& server) {
  if (IsLoopback(server.host) || !server.keys.empty() || server.allow_open) return {};
  return Error::Denied("server.host", "got " + server.host +
                                          " without a key, want server.keys (or --api-key), or --allow-open to let "
                                          "everyone in who can reach it");
}

Result<std::unique_ptr<HttpServer>> ListenFor(App& app, IoLoop& loop) {
  const ServerConfig& config = app.config().server;
  TRY_VOID(CheckExposure(config));
  TRY(const bool tends_files, app.files().Claim());
  if (!tends_files) LogWarn("another server tends the files of this home");
  Router router;
  AddRoutes(app, router);
  const auto batches = std::make_shared<BatchRunner>(app, router);
  TRY(std::unique_ptr<HttpServer> server, HttpServer::Listen(loop, OptionsOf(config, app), std::move(router)));
  app.OnRefresh([&app, server = server.get()] { ReportTo(app.own_metrics(), server->stats()); });
  server->RunBeside([&app](Call call) { return app.mcp().Watch(std::move(call)); });
  // Only one server of a home carries its batches and reads its files.
  if (!tends_files) return server;
  server->RunBeside([batches](Call call) { return batches->Run(std::move(call)); });
  const auto reading = std::make_shared<VectorStoreRunner>(app);
  server->RunBeside([reading](Call call) { return reading->Run(std::move(call)); });
  server->RunBeside([&app](Call call) { return RunAgents(app, std::move(call)); });
  server->RunBeside([&app](Call call) { return app.a2a().Run(std::move(call)); });
  return server;
}

Result<void> RunServer(Config config, const ServerStart& start) {
  TRY_VOID(CheckExposure(config.server));  // before anything is made
  AllowOpenFiles(config.server.max_connections);
  IoLoop loop;
  TRY(const std::unique_ptr<App> app, App::Create(std::move(config), loop, Clock::Real()));
  TRY_VOID(app->responses().FailUnfinished());
  Result<std::unique_ptr<HttpServer>> listening = ListenFor(*app, loop);
  if (!listening.ok()) return WithAdvice(std::move(listening).error());
  const std::unique_ptr<HttpServer> server = std::move(*listening);
  const ServerConfig& server_config = app->config().server;
  bool draining = false;
  loop.OnSignals({SIGTERM, SIGINT}, [&](int) {
    if (draining) return loop.Stop();
    draining = true;
    LogInfo("draining: running requests finish, new ones are refused");
    Spawn(DrainAndStop(*server, loop, server_config.drain_seconds));
  });
  if (start.load_now) Spawn(Warm(*app));
  start.on_listening(server->url());
  loop.Run();
  return {};
}

}  // namespace atelier
