// mcp_fixture_stdio: serves the fixtures on stdin and stdout until stdin ends.
#include <unistd.h>

#include "agent/protocol/mcp_line_server.h"
#include "base/net/io_loop.h"
#include "base/process/line_pipe.h"
#include "fixture_features.h"

int main() {
  using namespace atelier;
  IoLoop loop;
  const auto hooks = std::make_shared<FixtureHooks>();
  const auto server = std::make_shared<McpServer>(loop, FixtureFeatures(loop, hooks));
  hooks->tools_changed = [server] { server->ToolsChanged(); };
  hooks->prompts_changed = [server] { server->PromptsChanged(); };
  std::shared_ptr<McpLineServer> lines;
  LinePipe::Options options;
  options.in = STDIN_FILENO;
  options.out = STDOUT_FILENO;
  LinePipe pipe(loop, options, [&](std::string line) { lines->Take(line); }, [&](Result<void>) { loop.Stop(); });
  lines = McpLineServer::Create(server, "", [&](const std::string& line) { return pipe.Write(line); });
  loop.Run();
  lines->Close();
  return 0;
}
