// mcp_fixture_server [PORT]: serves the fixtures at http://127.0.0.1:PORT/mcp (0: any free port) until SIGTERM, and
// says on stdout where.
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "agent/protocol/mcp_http.h"
#include "base/net/http_server.h"
#include "base/net/io_loop.h"
#include "fixture_features.h"

namespace atelier {
namespace {

int Serve(int port) {
  IoLoop loop;
  const auto hooks = std::make_shared<FixtureHooks>();
  const auto server = std::make_shared<McpServer>(loop, FixtureFeatures(loop, hooks));
  hooks->tools_changed = [server] { server->ToolsChanged(); };
  hooks->prompts_changed = [server] { server->PromptsChanged(); };
  McpHttp http(server, McpHttpOptions());
  Router router;
  http.AddTo(router, "/mcp");
  ServerOptions options;
  options.port = port;
  auto listening = HttpServer::Listen(loop, std::move(options), std::move(router));
  if (!listening) {
    std::fprintf(stderr, "%s\n", listening.error().Message().c_str());
    return 1;
  }
  loop.OnSignals({SIGTERM, SIGINT}, [&](int) {
    http.Close();
    loop.Stop();
  });
  std::printf("%s/mcp\n", (*listening)->url().c_str());
  std::fflush(stdout);
  loop.Run();
  return 0;
}

}  // namespace
}  // namespace atelier

int main(int argc, char** argv) { return atelier::Serve(argc > 1 ? std::atoi(argv[1]) : 0); }
