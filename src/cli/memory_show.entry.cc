// atelier memory show
#include <cstdio>

#include "base/text/describe_json.h"
#include "cli/memory_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class MemoryShowCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("id", id_, "of a fact or a turn");
    options.Required();
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    TRY(const std::shared_ptr<MemoryStore> store, session.memory().Read());
    TRY(const auto facts, store->Facts({id_}));
    TRY(const auto turns, store->Turns({id_}));
    if (facts.empty() && turns.empty()) {
      return Error::NotFound("id", "got '" + id_.substr(0, 64) + "', want that of a fact or a turn");
    }
    Json body = facts.empty() ? TurnBody(turns.front()) : WriteJson(facts.front());
    if (!facts.empty()) {
      TRY(const auto sources, store->Turns(facts.front().sources));
      Json said = Json::Array({});
      for (const MemoryTurn& turn : sources) said.Push(TurnBody(turn));
      body.Set("said", std::move(said));
    }
    invocation.json ? invocation.Print(body)
                    : static_cast<void>(std::printf("%s\n", SafeForTerminal(body.DumpPretty()).c_str()));
    return {};
  }

 private:
  std::string id_;
};

}  // namespace

extern const CommandEntry command_memory_show{
    "memory show", "Show a fact with the turns that it stands on, or a turn", "  atelier memory show f/4mQ…",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryShowCommand>(); }};

}  // namespace atelier
