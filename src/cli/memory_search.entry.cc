// atelier memory search
#include <cstdio>

#include "cli/input.h"
#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemorySearchCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("question", words_, "words are joined with blanks; without, or as -, standard input");
    scope_.Declare(options);
    options.Integer("--limit", limit_, "facts, and turns, at most so many of each");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(std::string question, ReadText(words_, "what to look for"));
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    MemoryLibrary& memory = session.memory();
    RecallRequest request;
    request.question = std::move(question), request.scope = scope_.scope;
    request.top_k = static_cast<int32_t>(std::clamp<int64_t>(limit_, 1, 1'000));
    AgentSession& run = *session.session;
    TRY(const auto facts, run.Run(memory.RecallFacts(run.MakeCall(), request, memory.NowMs())));
    TRY(const auto turns, run.Run(memory.Recall(run.MakeCall(), request)));
    if (invocation.json) {
      invocation.Print(FoundBody(facts, turns));
      return {};
    }
    for (const RecalledFact& one : facts) ShowFact(one.fact);
    for (const RecalledTurn& one : turns) ShowTurn(one.turn);
    return {};
  }

 private:
  MemoryScopeOptions scope_;
  std::vector<std::string> words_;
  int64_t limit_ = 5;
};

}  // namespace

extern const CommandEntry command_memory_search{
    "memory search", "Search what is remembered",
    "Facts that hold and turns of conversations, best first; with --json also what each turn was judged by.\n"
    "\n"
    "  atelier memory search 'What is the cat called?' --user ana",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemorySearchCommand>(); }};

}  // namespace atelier
