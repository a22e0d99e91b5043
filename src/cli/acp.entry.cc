// atelier acp
#include "app/acp_host.h"
#include "app/agent_library.h"
#include "cli/stdio_lines.h"

namespace atelier {
namespace {

constexpr std::chrono::seconds kParting{10};  // for runs that are stopped to reach their journal

Task<Result<void>> Serve(App& app, std::stop_token stop) {
  std::shared_ptr<AcpConnection> connection;
  const auto begin = [&](WriteLine write) -> Result<TakeLine> {
    TRY(connection, AcpHost::Connect(app, std::move(write)));
    return TakeLine([&connection](const std::string& line) { connection->TakeLine(line); });
  };
  const Result<void> ended = co_await ServeStdio(app.loop(), stop, begin);
  if (!connection) co_return ended;
  connection->Close();
  Call parting;
  parting.deadline = app.loop().Now() + kParting;
  co_await connection->Drain(parting);
  co_await app.agents().keeper().UntilDone(std::move(parting));
  co_return ended;
}

}  // namespace

extern const CommandEntry command_acp{
    "acp", "Serve the agents to an editor over the Agent Client Protocol on stdin and stdout",
    "For editors that know ACP, such as Zed: they start this program themselves. Conversations are kept, and an editor "
    "may "
    "go on with one after a restart. Ends when stdin does.\n"
    "\n"
    "  {\"agent_servers\": {\"Atelier\": {\"command\": \"atelier\", \"args\": [\"acp\"]}}}",
    []() -> std::unique_ptr<Command> { return std::make_unique<StdioCommand>(Serve); }};

}  // namespace atelier
