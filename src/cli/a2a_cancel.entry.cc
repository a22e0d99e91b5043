// atelier a2a cancel
#include "cli/a2a_session.h"

namespace atelier {
namespace {

class A2aCancelCommand final : public Command {
 public:
  void Declare(Options& options) override {
    peer_.Declare(options);
    options.Text("task", id_, "its id");
    options.Required();
    options.Takes("ID", Completion::kNothing);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, A2aSession::Open(peer_));
    Json params = Json::Object({{"id", id_}});
    TRY(const Json task, session->Ask("CancelTask", std::move(params)));
    return PrintA2aTask(invocation, task);
  }

 private:
  A2aPeerOptions peer_;
  std::string id_;
};

}  // namespace

extern const CommandEntry command_a2a_cancel{
    "a2a cancel", "Cancel a task of a foreign agent",
    "Agents may refuse: what has ended cannot be cancelled.\n\n  atelier a2a cancel http://127.0.0.1:8910/a2a/helper "
    "run_8Fq2",
    []() -> std::unique_ptr<Command> { return std::make_unique<A2aCancelCommand>(); }};

}  // namespace atelier
