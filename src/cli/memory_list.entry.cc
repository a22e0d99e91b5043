// atelier memory list
#include <cstdio>

#include "base/text/describe_json.h"
#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemoryListCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.OneOf("what", what_, {"facts", "turns", "sessions"}, "of what there is");
    scope_.Declare(options);
    options.OneOf("--kind", kind_, {"fact", "profile", "procedure", "episode"}, "only such facts");
    options.Flag("--all", all_, "also facts that hold no more");
    options.Text("--after", after_, "only what comes after this id");
    options.Integer("--limit", limit_, "at most so many");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    TRY(const std::shared_ptr<MemoryStore> store, session.memory().Read());
    const auto limit = static_cast<int32_t>(std::clamp<int64_t>(limit_, 1, 1'000'000));
    Json list = Json::Array({});
    if (what_ == "turns") {
      TRY(const auto turns, store->List(scope_.scope, after_, limit));
      for (const MemoryTurn& turn : turns) invocation.json ? void(list.Push(TurnBody(turn))) : ShowTurn(turn);
    } else if (what_ == "sessions") {
      TRY(const auto states, store->Sessions(scope_.scope));
      for (const MemorySessionState& state : states) Show(invocation, state, list);
    } else {
      const int64_t at_ms = all_ ? 0 : session.memory().NowMs();
      TRY(const auto facts, FactsThatHold(*store, scope_.scope, kind_, after_, limit, at_ms));
      for (const MemoryFact& fact : facts) {
        invocation.json ? void(list.Push(WriteJson(fact))) : ShowFact(fact);
      }
    }
    if (invocation.json) invocation.Print(list);
    return {};
  }

 private:
  static void Show(const Invocation& invocation, const MemorySessionState& state, Json& list) {
    const MemoryScope& scope = state.scope;
    if (!invocation.json) {
      std::printf("%-16s %-16s %-24s %6lld turns, learnt from %lld\n", scope.user.c_str(), scope.agent.c_str(),
                  scope.session.c_str(), static_cast<long long>(state.num_places),
                  static_cast<long long>(state.num_learnt));
      return;
    }
    list.Push(SessionBody(state));
  }

  MemoryScopeOptions scope_;
  std::string what_ = "facts", kind_, after_;
  int64_t limit_ = 100;
  bool all_ = false;
};

}  // namespace

extern const CommandEntry command_memory_list{
    "memory list", "List what is remembered",
    "Facts that hold, or the turns of conversations as they were said, or the conversations.\n"
    "\n"
    "  atelier memory list --user ana\n"
    "  atelier memory list turns --session 2026-11-28",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryListCommand>(); }};

}  // namespace atelier
