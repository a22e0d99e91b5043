// atelier agent reject
#include "cli/agent_answering.h"

namespace atelier {
namespace {

class AgentRejectCommand final : public Command {
 public:
  void Declare(Options& options) override {
    answering_.Declare(options);
    options.Text("--reason", answer_.reason, "told to the agent");
  }

  Result<void> Run(const Invocation& invocation) override {
    answer_.decision = "reject";
    return answering_.Answer(invocation, answer_);
  }

 private:
  AgentAnswering answering_;
  PersonAnswer answer_;
};

}  // namespace

extern const CommandEntry command_agent_reject{
    "agent reject", "Refuse what a run of an agent waits for",
    "The run then goes on, here, unless --later is given.\n\n  atelier agent reject run_3hQ… --reason 'ask me "
    "tomorrow'",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentRejectCommand>(); }};

}  // namespace atelier
