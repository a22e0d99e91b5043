// atelier agent replay
#include <cstdio>

#include "cli/agent_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class AgentReplayCommand final : public Command {
 public:
  void Declare(Options& options) override { options.Text("run", run_, "its id; without, the newest"); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY(const std::string id, session->RunIdOf(run_));
    TRY(const AgentOutcome outcome, session->Run(session->runs().Replay(session->MakeCall(), id)));
    if (invocation.json) {
      invocation.Print(outcome.Body());
    } else {
      std::printf("the same: %s\n%s\n", std::string(RunStatusName(outcome.status)).c_str(),
                  SafeForTerminal(outcome.text).c_str());
    }
    return {};
  }

 private:
  std::string run_;
};

}  // namespace

extern const CommandEntry command_agent_replay{
    "agent replay", "Run an agent against the journal of a run alone",
    "Nothing is asked and nothing is called. The first step that would ask for something else than the journal holds "
    "ends it, by name: after a change of instructions, tools or this program.\n\n  atelier agent replay run_3hQ…",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentReplayCommand>(); }};

}  // namespace atelier
