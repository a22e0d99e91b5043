// atelier a2a list
#include <cstdio>

#include "cli/a2a_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class A2aListCommand final : public Command {
 public:
  void Declare(Options& options) override {
    peer_.Declare(options);
    options.Text("--context", context_, "tasks of this conversation alone");
    options.Text("--state", state_, "tasks in this state alone: TASK_STATE_WORKING");
    options.Integer("--limit", limit_, "at most, 1 to 100");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, A2aSession::Open(peer_));
    Json params = Json::Object({{"pageSize", limit_}});
    if (!context_.empty()) params.Set("contextId", context_);
    if (!state_.empty()) params.Set("status", state_);
    TRY(const Json page, session->Ask("ListTasks", std::move(params)));
    if (invocation.json) {
      invocation.Print(page);
      return {};
    }
    if (!page["tasks"].is_array()) return Error::Invalid("agent", "got an answer without tasks");
    for (const Json& one : page["tasks"].items()) {
      TRY(const A2aTask task, ReadA2a<A2aTask>(one));
      std::printf("%s  %-26s  %s  of %s\n", SafeForTerminal(task.id).c_str(),
                  SafeForTerminal(task.status.state).c_str(),
                  SafeForTerminal(task.status.timestamp.value_or(std::string())).c_str(),
                  SafeForTerminal(task.context_id).c_str());
    }
    return {};
  }

 private:
  A2aPeerOptions peer_;
  std::string context_, state_;
  int64_t limit_ = 20;
};

}  // namespace

extern const CommandEntry command_a2a_list{
    "a2a list", "List the tasks that a foreign agent has of you",
    "The latest first.\n\n  atelier a2a list http://127.0.0.1:8910/a2a/helper --state TASK_STATE_INPUT_REQUIRED",
    []() -> std::unique_ptr<Command> { return std::make_unique<A2aListCommand>(); }};

}  // namespace atelier
