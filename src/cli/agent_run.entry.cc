// atelier agent run
#include "cli/agent_session.h"
#include "cli/input.h"

namespace atelier {
namespace {

class AgentRunCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("input", words_, "what it is to do; words are joined with blanks; without, or as -, standard input");
    options.Text("--agent,-a", agent_, "which agent; without, the first of atelier.yaml");
    options.Text("--conversation", conversation_,
                 "that it belongs to, for an agent that remembers; without, one a day");
    options.Flag("--id", id_only_, "only start it and print its id; `atelier agent resume` runs it");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    session->Run(session->agents().Prepare(session->MakeCall()));
    AgentRuns::Start start;
    start.agent = agent_.empty() ? session->agents().configs().front().name : agent_;
    TRY(std::string text, ReadText(words_, "what the agent is to do"));
    start.input = std::move(text), start.conversation = conversation_;
    return session->StartAndShow(invocation, std::move(start), id_only_);
  }

 private:
  std::vector<std::string> words_;
  std::string agent_, conversation_;
  bool id_only_ = false;
};

}  // namespace

extern const CommandEntry command_agent_run{
    "agent run", "Have an agent do something",
    "What it calls is told on stderr, its answer on stdout. Every step is journalled: a run that was interrupted, or "
    "whose process died, goes on with `atelier agent resume`, and no finished call is made again.\n"
    "\n"
    "  atelier agent run 'What is 17% of 2,340?'\n"
    "  atelier agent run -a researcher 'Which formats can be imported?'",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentRunCommand>(); }};

}  // namespace atelier
