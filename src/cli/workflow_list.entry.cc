// atelier workflow list
#include <cstdio>

#include "cli/agent_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class WorkflowListCommand final : public Command {
 public:
  void Declare(Options& /*options*/) override {}

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    Json list = Json::Array({});
    for (const WorkflowConfig& config : session->workflows()) {
      list.Push(Json::Object({{"name", config.name},
                              {"description", config.description},
                              {"input_schema", config.input_schema},
                              {"num_nodes", config.nodes.size()}}));
      if (!invocation.json) {
        std::printf("%-20s %s\n", config.name.c_str(), SafeForTerminal(config.description).c_str());
      }
    }
    if (invocation.json) invocation.Print(list);
    return {};
  }
};

}  // namespace

extern const CommandEntry command_workflow_list{
    "workflow list", "List the workflows of atelier.yaml",
    "Their runs: `atelier agent list --agent NAME`.\n"
    "\n"
    "  atelier workflow list",
    []() -> std::unique_ptr<Command> { return std::make_unique<WorkflowListCommand>(); }};

}  // namespace atelier
