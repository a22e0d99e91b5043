// atelier agent edit
#include "cli/agent_answering.h"

namespace atelier {
namespace {

class AgentEditCommand final : public Command {
 public:
  void Declare(Options& options) override {
    answering_.Declare(options);
    options.Text("--arguments", arguments_, "in place of the call's, as JSON");
    options.Text("--text", answer_.text, "in place of a refused answer, or what a lost call gave");
  }

  Result<void> Run(const Invocation& invocation) override {
    answer_.decision = "edit";
    if (!arguments_.empty()) {
      Result<Json> arguments = Json::Parse(arguments_);
      if (!arguments.ok()) return std::move(arguments).error().Under("--arguments");
      answer_.arguments = std::move(*arguments);
    }
    return answering_.Answer(invocation, answer_);
  }

 private:
  AgentAnswering answering_;
  PersonAnswer answer_;
  std::string arguments_;
};

}  // namespace

extern const CommandEntry command_agent_edit{
    "agent edit", "Change what a run of an agent waits for, and let it go on",
    "The run then goes on, here, unless --later is given.\n\n  atelier agent edit run_3hQ… --arguments '{\"to\": "
    "\"me@example.org\"}'",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentEditCommand>(); }};

}  // namespace atelier
