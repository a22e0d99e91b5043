// atelier memory add
#include <cstdio>

#include "cli/input.h"
#include "cli/memory_session.h"

namespace atelier {
namespace {

class MemoryAddCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("text", words_, "words are joined with blanks; without, or as -, standard input");
    options.Text("--user,-u", scope_.user, "whose memory");
    options.Text("--agent,-a", scope_.agent, "of which agent; without, of none in particular");
    options.Text("--session,-s", scope_.session, "of which conversation");
    options.OneOf("--kind", kind_, {"fact", "profile", "procedure", "turn"},
                  "what it is; a turn is something that was said, and is kept as it is");
    options.Text("--speaker", speaker_, "of a turn, who said it; without, the user");
    options.Number("--importance", importance_, "of a fact, 0 to 1");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(std::string text, ReadText(words_, "what is to be remembered"));
    TRY(MemoryAccess session, MemoryAccess::Open(invocation));
    MemoryLibrary& memory = session.memory();
    AgentSession& run = *session.session;
    std::vector<std::string> ids;
    if (kind_ == "turn") {
      MemoryTurn turn;
      turn.speaker = speaker_.empty() ? scope_.user : speaker_, turn.text = std::move(text);
      turn.said_ms = memory.NowMs();
      TRY(ids, run.Run(memory.Record(run.MakeCall(), scope_, {std::move(turn)})));
    } else {
      if (!(importance_ >= 0 && importance_ <= 1)) return Error::Invalid("--importance", "want 0 to 1");
      MemoryFact fact;
      fact.user = scope_.user, fact.agent = scope_.agent, fact.session = scope_.session;
      fact.kind = kind_, fact.text = std::move(text), fact.importance = importance_;
      fact.recorded_ms = memory.NowMs();
      TRY(ids, run.Run(memory.PutFacts(run.MakeCall(), {std::move(fact)})));
    }
    invocation.json ? invocation.Print(Json::Object({{"id", ids.front()}}))
                    : static_cast<void>(std::printf("%s\n", ids.front().c_str()));
    return {};
  }

 private:
  MemoryScope scope_{.user = "me"};
  std::vector<std::string> words_;
  std::string kind_ = "fact", speaker_;
  double importance_ = 0.5;
};

}  // namespace

extern const CommandEntry command_memory_add{
    "memory add", "Remember something",
    "A fact, or a turn of a conversation. Its id is printed.\n"
    "\n"
    "  atelier memory add 'Ana is allergic to nuts.' --user ana --kind profile\n"
    "  atelier memory add 'I moved to Porto last week.' --user ana --session 2026-11-28 --kind turn",
    []() -> std::unique_ptr<Command> { return std::make_unique<MemoryAddCommand>(); }};

}  // namespace atelier
