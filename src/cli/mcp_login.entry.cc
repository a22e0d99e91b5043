// atelier mcp login
#include <cstdio>

#include "base/net/http_server.h"
#include "base/task/stream.h"
#include "cli/mcp_session.h"

namespace atelier {
namespace {

// Where McpOAuthOptions::redirect_uri sends the browser back to.
constexpr int kPort = 8911;
constexpr char kCallback[] = "/callback";

// Waits on this machine for the browser that comes back.
Task<Result<std::string>> AskInBrowser(IoLoop& loop, Call call, std::string url) {
  const auto came = Channel<std::string>::Create(loop, 1);
  Router router;
  router.Add("GET", kCallback, [came](HttpRequest http) -> Task<HttpResponse> {
    came->Push("http://127.0.0.1:" + std::to_string(kPort) + http.target);
    co_return HttpResponse::Text("Atelier has what it needs. This window may be closed.\n");
  });
  ServerOptions options;
  options.port = kPort;
  CO_TRY(const auto server, HttpServer::Listen(loop, std::move(options), std::move(router)));
  std::fprintf(stderr, "Open this page in a browser on this machine and agree there:\n\n%s\n\n", url.c_str());
  const std::stop_callback on_stop(call.stop, [came] { came->Close(); });
  const std::deque<std::string> batch = co_await came->NextBatch();
  co_await server->Drain(loop.Now() + std::chrono::seconds(2));
  if (batch.empty()) co_return Error::Cancelled("login", "stopped before the browser came back");
  co_return batch.front();
}

class McpLoginCommand final : public Command {
 public:
  void Declare(Options& options) override { DeclareMcpServer(options, name_); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, McpServersSession::Open(invocation));
    IoLoop& loop = session->app().io_loop();
    session->servers().AuthorizeWith(
        [&loop](Call call, std::string url) { return AskInBrowser(loop, std::move(call), std::move(url)); });
    TRY(const McpServers::View view, session->Look(name_));
    if (invocation.json) {
      invocation.Print(Json::Object({{"server", name_}, {"tools", static_cast<int64_t>(view.tools.size())}}));
    } else {
      std::printf("%s lets us in: it has %zu tools. `atelier mcp approve %s` shows them.\n", name_.c_str(),
                  view.tools.size(), name_.c_str());
    }
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

extern const CommandEntry command_mcp_login{
    "mcp login", "Let a foreign MCP server know who asks, by OAuth in a browser",
    "For servers by URL that want it. Prints a page to open; its answer comes back to 127.0.0.1:8911. Tokens are kept "
    "by issuer in $ATELIER_HOME/mcp, which nobody else may enter, and renewed where the server allows it.\n"
    "\n"
    "  atelier mcp login tracker",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpLoginCommand>(); }};

}  // namespace atelier
