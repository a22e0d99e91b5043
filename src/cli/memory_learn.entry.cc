// atelier memory learn
#include <cstdio>

#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemoryLearnCommand final : public Command {
 public:
  void Declare(Options& options) override {
    scope_.Declare(options);
    options.Text("--model,-m", model_, "that writes notes; without, the default chat model");
    options.Takes("MODEL", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    AgentSession& run = *session.session;
    TRY(const Learnt learnt, run.Run(session.memory().Learn(run.MakeCall(), scope_.scope, model_)));
    const auto as_long = [](int64_t number) { return static_cast<long long>(number); };
    if (invocation.json) {
      invocation.Print(Json::Object({{"turns", learnt.num_turns},
                                     {"added", learnt.num_added},
                                     {"merged", learnt.num_merged},
                                     {"replaced", learnt.num_replaced},
                                     {"withdrawn", learnt.num_withdrawn},
                                     {"forgotten", learnt.num_forgotten},
                                     {"unread", learnt.num_unread}}));
      return {};
    }
    std::printf("%lld turns: %lld facts added, %lld merged, %lld replaced, %lld withdrawn, %lld forgotten\n",
                as_long(learnt.num_turns), as_long(learnt.num_added), as_long(learnt.num_merged),
                as_long(learnt.num_replaced), as_long(learnt.num_withdrawn), as_long(learnt.num_forgotten));
    if (learnt.num_unread > 0) std::printf("of %lld turns the notes were not whole\n", as_long(learnt.num_unread));
    return {};
  }

 private:
  MemoryScopeOptions scope_;
  std::string model_;
};

}  // namespace

extern const CommandEntry command_memory_learn{
    "memory learn", "Make facts of what was said",
    "Of turns that were not learnt from yet. A server does so after each answer of an agent that remembers.\n"
    "\n"
    "  atelier memory learn --user ana",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryLearnCommand>(); }};

}  // namespace atelier
