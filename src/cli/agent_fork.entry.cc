// atelier agent fork
#include <cstdio>

#include "cli/agent_session.h"

namespace atelier {
namespace {

class AgentForkCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("run", run_, "its id");
    options.Required();
    options.Integer("--at", at_, "how many of its steps the new run begins with");
    options.Required();
    options.Flag("--later", later_, "only make it and print its id");
  }

  Result<void> Run(const Invocation& invocation) override {
    if (at_ < 0) return Error::Invalid("--at", "got " + std::to_string(at_) + ", want a number of steps");
    TRY(const auto session, AgentSession::Open(invocation));
    TRY(const std::string id, session->Run(session->runs().Fork(run_, at_)));
    if (!later_) return session->RunAndShow(invocation, id);
    invocation.json ? invocation.Print(Json::Object({{"id", id}})) : static_cast<void>(std::printf("%s\n", id.c_str()));
    return {};
  }

 private:
  std::string run_;
  int64_t at_ = 0;
  bool later_ = false;
};

}  // namespace

extern const CommandEntry command_agent_fork{
    "agent fork", "Begin a new run with the first steps of another",
    "What these steps did is taken from the journal and not done again; from there on the new run goes its own way.\n"
    "\n  atelier agent fork run_3hQ… --at 4",
    []() -> std::unique_ptr<Command> { return std::make_unique<AgentForkCommand>(); }};

}  // namespace atelier
