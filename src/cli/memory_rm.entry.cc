// atelier memory rm
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemoryRemoveCommand final : public Command {
 public:
  void Declare(Options& options) override {
    scope_.Declare(options);
    options.Flag("--all", all_, "of everybody");
    options.Flag("--yes,-y", yes_, "do not ask");
  }

  Result<void> Run(const Invocation& invocation) override {
    const MemoryScope& scope = scope_.scope;
    const bool is_whole = scope == MemoryScope();
    if (is_whole != all_) {
      return Error::Invalid("--all", is_whole ? "got no --user, --agent or --session, want one of them or --all"
                                              : "got --all beside --user, --agent or --session");
    }
    if (!yes_) TRY_VOID(Ask());
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    AgentSession& run = *session.session;
    TRY(const int64_t num_gone, run.Run(session.memory().ForgetAll(run.MakeCall(), scope)));
    invocation.json ? invocation.Print(Json::Object({{"forgotten", num_gone}}))
                    : static_cast<void>(std::printf("%lld forgotten\n", static_cast<long long>(num_gone)));
    return {};
  }

 private:
  static Result<void> Ask() {
    if (isatty(STDIN_FILENO) != 1) return Error::Invalid("--yes", "got none, and nobody is there to be asked");
    std::fprintf(stderr, "Forget all of it for good? [y/N] ");
    std::string line;
    std::getline(std::cin, line);
    if (line == "y" || line == "yes") return {};
    return Error::Cancelled("memory", "nothing was forgotten");
  }

  MemoryScopeOptions scope_;
  bool all_ = false, yes_ = false;
};

}  // namespace

extern const CommandEntry command_memory_rm{
    "memory rm", "Forget all of a person, an agent or a conversation for good",
    "No file of the memory holds any of it afterwards.\n"
    "\n"
    "  atelier memory rm --user ana",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryRemoveCommand>(); }};

}  // namespace atelier
