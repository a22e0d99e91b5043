// atelier mcp
#include <unistd.h>

#include "agent/protocol/mcp_line_server.h"
#include "app/mcp_host.h"
#include "base/process/line_pipe.h"
#include "base/task/stream.h"
#include "cli/session.h"

namespace atelier {
namespace {

Task<Result<void>> Serve(App& app, std::stop_token stop) {
  const auto over = Channel<bool>::Create(app.loop(), 1);
  const std::stop_callback on_stop(stop, [over] { over->Close(); });
  std::shared_ptr<McpLineServer> lines;
  Result<void> ended;
  const auto on_line = [&lines](std::string line) { lines->Take(line); };
  const auto on_end = [&ended, over](Result<void> why) {
    ended = std::move(why);
    over->Close();
  };
  LinePipe::Options options;
  options.in = STDIN_FILENO;
  options.out = STDOUT_FILENO;
  LinePipe pipe(app.loop(), options, on_line, on_end);
  lines = McpLineServer::Create(app.mcp().server(), "", [&pipe](const std::string& line) { return pipe.Write(line); });
  co_await over->NextBatch();
  lines->Close();
  co_return ended;
}

class McpCommand final : public Command {
 public:
  void Declare(Options& options) override { model_.Declare(options); }
  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, Session::Open(invocation, model_));
    return session->Run(Serve(session->app(), session->interrupt().token()));
  }

 private:
  ModelOptions model_;
};

}  // namespace

extern const CommandEntry command_mcp{
    "mcp", "Serve tools and agents over the Model Context Protocol on stdin and stdout",
    "For editors and other programs that start their MCP servers themselves. The same is served over HTTP by `atelier "
    "serve`, at /mcp. Ends when stdin does.\n"
    "\n"
    "  {\"mcpServers\": {\"atelier\": {\"command\": \"atelier\", \"args\": [\"mcp\"]}}}",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpCommand>(); }};

}  // namespace atelier
