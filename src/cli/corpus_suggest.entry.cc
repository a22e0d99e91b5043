// atelier corpus suggest
#include <cstdio>

#include "cli/corpora.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class SuggestCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("text", text_, "what was typed; its last word is gone on from, or spelt nearly so");
    options.Required();
    options.Text("--corpus,-c", corpus_.name, "which corpus; without, the only one");
    options.Integer("--limit", limit_, "words to print");
  }

  Result<void> Run(const Invocation& invocation) override {
    constexpr int64_t kMost = 1'000'000;
    if (limit_ < 1 || limit_ > kMost) {
      return Error::Invalid("--limit", "got " + std::to_string(limit_) + ", want 1 or more");
    }
    TRY(const ChosenCorpus chosen, Choose(invocation, corpus_.name));
    TRY(const std::shared_ptr<OpenedCorpus> opened, chosen.library->Read(chosen.name));
    TRY(const std::vector<Suggestion> words, opened->corpus->Suggest(text_, {}, static_cast<int32_t>(limit_)));
    Json body = Json::Array();
    for (const Suggestion& word : words) {
      body.Push(Json::Object({{"text", word.text}, {"count", word.num_records}}));
      if (invocation.json) continue;
      std::printf("%8lld  %s\n", static_cast<long long>(word.num_records), SafeForTerminal(word.text).c_str());
    }
    if (invocation.json) invocation.Print(body);
    return {};
  }

 private:
  CorpusChoice corpus_;
  std::string text_;
  int64_t limit_ = 10;
};

}  // namespace

extern const CommandEntry command_corpus_suggest{
    "corpus suggest", "Words of a corpus that go on from what was typed",
    "With the number of chunks that have each, most frequent first.\n"
    "\n"
    "  atelier corpus suggest 'how does the sched'",
    []() -> std::unique_ptr<Command> { return std::make_unique<SuggestCommand>(); }};

}  // namespace atelier
