// atelier workflow show
#include <cstdio>

#include "agent/workflow/workflow.h"
#include "agent/workflow/workflow_graph.h"
#include "base/text/describe_json.h"
#include "cli/agent_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class WorkflowShowCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("workflow", workflow_, "its name");
    options.Required();
    options.Flag("--dot", dot_, "as a graph in Graphviz's language");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY(const auto workflow, session->FindWorkflow(workflow_));
    const WorkflowConfig& config = workflow->config();
    if (invocation.json) {
      Json body = WriteJson(config);
      body.Set("output_schema", workflow->output_schema());
      body.Set("dot", DotOf(config));
      invocation.Print(body);
    } else if (dot_) {
      std::printf("%s", SafeForTerminal(DotOf(config)).c_str());
    } else {
      const Json input = config.input_schema.is_null() ? Json("a text") : config.input_schema;
      std::printf("%s  %s\ninput   %s\noutput  %s\n\n%s", config.name.c_str(),
                  SafeForTerminal(config.description).c_str(), SafeForTerminal(TextOfValue(input)).c_str(),
                  SafeForTerminal(workflow->output_schema().Dump()).c_str(),
                  SafeForTerminal(OutlineOf(config)).c_str());
    }
    return {};
  }

 private:
  std::string workflow_;
  bool dot_ = false;
};

}  // namespace

extern const CommandEntry command_workflow_show{
    "workflow show", "Show a workflow: what it takes and gives, and its nodes",
    "It is checked first, with the tools, agents and models that it names.\n"
    "\n"
    "  atelier workflow show announce --dot | dot -Tsvg > announce.svg",
    []() -> std::unique_ptr<Command> { return std::make_unique<WorkflowShowCommand>(); }};

}  // namespace atelier
