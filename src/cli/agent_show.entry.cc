// atelier agent show
#include <cstdio>

#include "app/agent_view.h"
#include "cli/agent_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class AgentShowCommand final : public Command {
 public:
  void Declare(Options& options) override { options.Text("run", run_, "its id; without, the newest"); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY(const std::string id, session->RunIdOf(run_));
    TRY(const RunRow run, session->agents().journal().Get(id));
    TRY(const auto steps, session->agents().journal().Steps(id));
    if (invocation.json) {
      Json body = RunBody(run);
      Json& list = body.Set("steps", Json::Array({}));
      for (const StepRow& step : steps) list.Push(StepBody(step));
      invocation.Print(body);
      return {};
    }
    std::printf("%s  %s  %s\n", run.id.c_str(), run.agent.c_str(), std::string(RunStatusName(run.status)).c_str());
    std::printf("input   %s\n", Short(run.input).c_str());
    for (const StepRow& step : steps) Show(step);
    if (run.outcome.Has("text")) std::printf("output  %s\n", Short(run.outcome["text"]).c_str());
    ShowQuestions(run);
    return {};
  }

 private:
  static std::string Short(const Json& value) {
    const std::string text = value.is_string() ? value.AsString() : value.Dump();
    return SafeForTerminal(text.size() > 200 ? text.substr(0, 200) + " …" : text);
  }
  static void Show(const StepRow& step) {
    const std::string state = step.result ? std::to_string(step.ended_ms - step.begun_ms) + " ms" : "no result";
    std::printf("%-8s %-8s %-20s %10s  %s\n", step.path.c_str(), std::string(RunStepKindName(step.kind)).c_str(),
                step.name.c_str(), state.c_str(), step.result ? Short(*step.result).c_str() : "");
  }
  std::string run_;
};

}  // namespace

extern const CommandEntry command_agent_show{
    "agent show", "Show a run of an agent, step by step", "  atelier agent show --json run_3hQ… | jq .steps",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentShowCommand>(); }};

}  // namespace atelier
