// atelier agent rm
#include "cli/agent_session.h"

namespace atelier {
namespace {

class AgentRmCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("run", runs_, "ids");
    options.Required();
    options.Flag("--compact", compact_, "keep the run and its outcome; only what its steps gave goes");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    Journal& journal = session->agents().journal();
    for (const std::string& id : runs_) TRY_VOID(compact_ ? journal.Compact(id) : session->runs().Delete(id));
    if (invocation.json) invocation.Print(Json::Object({{"removed", runs_}}));
    return {};
  }

 private:
  std::vector<std::string> runs_;
  bool compact_ = false;
};

}  // namespace

extern const CommandEntry command_agent_rm{
    "agent rm", "Remove runs of agents, or what their steps gave", "  atelier agent rm --compact run_3hQ…",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentRmCommand>(); }};

}  // namespace atelier
