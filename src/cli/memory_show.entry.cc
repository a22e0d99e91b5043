// atelier memory show
#include <cstdio>

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
    TRY(const Json body, RememberedBody(*store, id_));
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
