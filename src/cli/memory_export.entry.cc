// atelier memory export
#include <cstdio>

#include "base/text/describe_json.h"
#include "cli/memory_session.h"

namespace atelier {
namespace {

constexpr int32_t kAtOnce = 1'000;

class MemoryExportCommand final : public Command {
 public:
  void Declare(Options& options) override { scope_.Declare(options); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    TRY(const std::shared_ptr<MemoryStore> store, session.memory().Read());
    Json turns = Json::Array({}), facts = Json::Array({});
    const auto put = [&](const char* kind, Json body, Json& list) {
      if (invocation.json) {
        list.Push(std::move(body));
        return;
      }
      Json line = Json::Object({{"type", kind}});
      for (const JsonMember& member : body.members()) line.Set(member.key, member.value);
      std::printf("%s\n", line.Dump().c_str());
    };
    for (std::string after;;) {
      TRY(const auto some, store->List(scope_.scope, after, kAtOnce));
      for (const MemoryTurn& turn : some) put("turn", TurnBody(turn), turns);
      if (some.size() < kAtOnce) break;
      after = some.back().id;
    }
    for (std::string after;;) {
      TRY(const auto some, store->ListFacts(scope_.scope, "", after, kAtOnce));
      for (const MemoryFact& fact : some) put("fact", WriteJson(fact), facts);
      if (some.size() < kAtOnce) break;
      after = some.back().id;
    }
    if (invocation.json) invocation.Print(Json::Object({{"turns", std::move(turns)}, {"facts", std::move(facts)}}));
    return {};
  }

 private:
  MemoryScopeOptions scope_;
};

}  // namespace

extern const CommandEntry command_memory_export{
    "memory export", "Write all that is remembered as JSON, a line each",
    "Turns as they were said, then facts with their times and the turns that they stand on.\n"
    "\n"
    "  atelier memory export --user ana > ana.jsonl",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryExportCommand>(); }};

}  // namespace atelier
