// atelier memory forget
#include <cstdio>

#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemoryForgetCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("id", ids_, "of facts and turns");
    options.Required();
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    AgentSession& run = *session.session;
    TRY(const int64_t num_gone, run.Run(session.memory().Forget(run.MakeCall(), ids_)));
    if (num_gone == 0) return Error::NotFound("id", "got none that is remembered");
    invocation.json ? invocation.Print(Json::Object({{"forgotten", num_gone}}))
                    : static_cast<void>(std::printf("%lld forgotten\n", static_cast<long long>(num_gone)));
    return {};
  }

 private:
  std::vector<std::string> ids_;
};

}  // namespace

extern const CommandEntry command_memory_forget{
    "memory forget", "Forget facts and turns for good",
    "With a turn go the facts that stand on it. No file of the memory holds any of it afterwards; what journals and "
    "traces of runs hold is theirs (atelier agent rm).\n"
    "\n"
    "  atelier memory forget f/4mQ… t/6f…/00000003",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryForgetCommand>(); }};

}  // namespace atelier
