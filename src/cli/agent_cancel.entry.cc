// atelier agent cancel
#include "cli/agent_session.h"

namespace atelier {
namespace {

class AgentCancelCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("run", run_, "its id");
    options.Required();
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY_VOID(session->Run(session->runs().Cancel(run_)));
    if (invocation.json) invocation.Print(Json::Object({{"id", run_}, {"status", "cancelled"}}));
    return {};
  }

 private:
  std::string run_;
};

}  // namespace

extern const CommandEntry command_agent_cancel{
    "agent cancel", "End a run of an agent for good",
    "A run that a server is at work on is cancelled there: POST /v1/runs/RUN/cancel.\n\n  atelier agent cancel "
    "run_3hQ…",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentCancelCommand>(); }};

}  // namespace atelier
