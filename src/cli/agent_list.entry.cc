// atelier agent list
#include <cstdio>

#include "app/agent_view.h"
#include "cli/agent_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class AgentListCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.OneOf("--status", status_, {"running", "waiting", "completed", "limited", "failed", "cancelled", "refused"},
                  "only such runs");
    options.Text("--agent,-a", agent_, "only runs of this agent");
    options.Integer("--limit", limit_, "at most so many, the newest");
    options.Flag("--agents", agents_, "the agents instead of their runs");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    return agents_ ? ListAgents(invocation, *session) : ListRuns(invocation, *session);
  }

 private:
  Result<void> ListRuns(const Invocation& invocation, AgentSession& session) const {
    Journal::Filter filter{.status = RunStatusOf(status_), .agent = agent_, .limit = limit_};
    TRY(const auto runs, session.agents().journal().List(filter));
    Json list = Json::Array({});
    for (const RunRow& run : runs) {
      list.Push(RunBody(run));
      if (invocation.json) continue;
      const std::string input = run.input.is_string() ? run.input.AsString() : run.input.Dump();
      std::printf("%s  %-10s %-16s %4lld steps %8lld bytes  %s\n", run.id.c_str(),
                  std::string(RunStatusName(run.status)).c_str(), run.agent.c_str(),
                  static_cast<long long>(run.num_steps), static_cast<long long>(run.num_bytes),
                  SafeForTerminal(input.substr(0, 60)).c_str());
    }
    if (invocation.json) invocation.Print(list);
    return {};
  }

  static Result<void> ListAgents(const Invocation& invocation, AgentSession& session) {
    Json list = Json::Array({});
    for (const AgentConfig& config : session.agents().configs()) {
      list.Push(Json::Object({{"name", config.name}, {"description", config.description}, {"policy", config.policy}}));
      if (!invocation.json) std::printf("%-20s %s\n", config.name.c_str(), config.description.c_str());
    }
    if (invocation.json) invocation.Print(list);
    return {};
  }

  std::string status_, agent_;
  int64_t limit_ = 20;
  bool agents_ = false;
};

}  // namespace

extern const CommandEntry command_agent_list{
    "agent list", "List the runs of agents, the newest first", "  atelier agent list --status waiting",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentListCommand>(); }};

}  // namespace atelier
