// atelier workflow run
#include "agent/workflow/workflow.h"
#include "cli/agent_session.h"
#include "cli/input.h"

namespace atelier {
namespace {

class WorkflowRunCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("workflow", workflow_, "its name");
    options.Required();
    options.Texts("input", words_, "what it is given; words are joined with blanks; without, or as -, standard input");
    options.Flag("--id", id_only_, "only start it and print its id; `atelier agent resume` runs it");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY_VOID(session->FindWorkflow(workflow_));
    AgentRuns::Start start;
    start.agent = workflow_;
    TRY(std::string text, ReadText(words_, "what the workflow is given"));
    start.input = std::move(text);
    return session->StartAndShow(invocation, std::move(start), id_only_);
  }

 private:
  std::string workflow_;
  std::vector<std::string> words_;
  bool id_only_ = false;
};

}  // namespace

extern const CommandEntry command_workflow_run{
    "workflow run", "Run a workflow",
    "What its nodes give is told on stderr, what it gives itself on stdout. One with an input schema is given JSON.\n"
    "Its run is a run like an agent's: `atelier agent list|show|resume|approve|edit|reject|cancel|fork|replay|rm`.\n"
    "\n"
    "  atelier workflow run announce 'A new index'\n"
    "  atelier workflow run triage '{\"text\": \"My invoice is wrong\", \"customer\": 7}'",
    []() -> std::unique_ptr<Command> { return std::make_unique<WorkflowRunCommand>(); }};

}  // namespace atelier
