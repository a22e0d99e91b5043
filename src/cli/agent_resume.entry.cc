// atelier agent resume
#include "cli/agent_session.h"

namespace atelier {
namespace {

class AgentResumeCommand final : public Command {
 public:
  void Declare(Options& options) override { options.Text("run", run_, "its id; without, the newest"); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY(const std::string id, session->RunIdOf(run_));
    return session->RunAndShow(invocation, id);
  }

 private:
  std::string run_;
};

}  // namespace

extern const CommandEntry command_agent_resume{
    "agent resume", "Go on with a run of an agent",
    "After a crash, an interruption, a failure, or a person's answer. What the journal holds is not done again; a call "
    "that was under way and may not be repeated becomes a question.\n"
    "\n"
    "  atelier agent resume run_3hQ…",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentResumeCommand>(); }};

}  // namespace atelier
