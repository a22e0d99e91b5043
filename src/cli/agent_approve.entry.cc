// atelier agent approve
#include "cli/agent_answering.h"

namespace atelier {
namespace {

class AgentApproveCommand final : public Command {
 public:
  void Declare(Options& options) override {
    answering_.Declare(options);
    options.Text("--text", answer_.text, "the answer, where the agent asked a question");
  }

  Result<void> Run(const Invocation& invocation) override {
    answer_.decision = "approve";
    return answering_.Answer(invocation, answer_);
  }

 private:
  AgentAnswering answering_;
  PersonAnswer answer_;
};

}  // namespace

extern const CommandEntry command_agent_approve{
    "agent approve", "Let a waiting call of an agent be made, or answer its question",
    "The run then goes on, here, unless --later is given.\n\n  atelier agent approve run_3hQ…",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentApproveCommand>(); }};

}  // namespace atelier
