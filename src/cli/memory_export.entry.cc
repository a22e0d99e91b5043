// atelier memory export
#include <cstdio>

#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemoryExportCommand final : public Command {
 public:
  void Declare(Options& options) override { scope_.Declare(options); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    TRY(const std::shared_ptr<MemoryStore> store, session.memory().Read());
    Json turns = Json::Array({}), facts = Json::Array({});
    MemoryExport all(store, scope_.scope);
    while (true) {
      TRY(std::vector<Json> some, all.Next());
      if (some.empty()) break;
      for (Json& one : some) {
        if (!invocation.json) {
          std::printf("%s\n", one.Dump().c_str());
        } else {
          (one["type"] == Json("turn") ? turns : facts).Push(std::move(one));
        }
      }
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
