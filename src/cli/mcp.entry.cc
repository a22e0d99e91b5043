// atelier mcp
#include "agent/protocol/mcp_line_server.h"
#include "app/agent_library.h"
#include "app/mcp_host.h"
#include "base/task/stop_link.h"
#include "cli/stdio_lines.h"

namespace atelier {
namespace {

Task<Result<void>> Serve(App& app, std::stop_token stop) {
  Call call;
  call.stop = stop;
  co_await app.agents().Prepare(call);
  const StopLink served(stop);
  call.stop = served.token();
  Spawn(app.mcp().Watch(std::move(call)));
  std::shared_ptr<McpLineServer> lines;
  const auto begin = [&](WriteLine write) -> Result<TakeLine> {
    lines = McpLineServer::Create(app.mcp().server(), "", std::move(write));
    return TakeLine([&lines](const std::string& line) { lines->Take(line); });
  };
  const Result<void> ended = co_await ServeStdio(app.loop(), stop, begin);
  lines->Close();
  co_return ended;
}

}  // namespace

extern const CommandEntry command_mcp{
    "mcp", "Serve tools and agents over the Model Context Protocol on stdin and stdout",
    "For editors and other programs that start their MCP servers themselves. The same is served over HTTP by `atelier "
    "serve`, at /mcp. Ends when stdin does.\n"
    "\n"
    "  {\"mcpServers\": {\"atelier\": {\"command\": \"atelier\", \"args\": [\"mcp\"]}}}",
    []() -> std::unique_ptr<Command> { return std::make_unique<StdioCommand>(Serve); }};

}  // namespace atelier
