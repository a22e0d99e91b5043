// atelier corpus verify
#include <cstdio>

#include "cli/corpora.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class VerifyCommand final : public Command {
 public:
  void Declare(Options& options) override { corpus_.Declare(options); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const ChosenCorpus chosen, Choose(invocation, corpus_.name));
    TRY(const std::vector<IndexProblem> problems, VerifyCorpus(*chosen.library, chosen.name));
    if (invocation.json) {
      invocation.Print(Body(chosen.name, problems));
    } else {
      Show(chosen.name, problems);
    }
    if (!problems.empty()) return Error::Corrupt(chosen.name, problems[0].what);
    return {};
  }

 private:
  static Json Body(const std::string& name, const std::vector<IndexProblem>& problems) {
    Json list = Json::Array();
    for (const IndexProblem& problem : problems) {
      list.Push(Json::Object({{"file", problem.file}, {"what", problem.what}, {"lost", Json(problem.ids)}}));
    }
    return Json::Object({{"corpus", name}, {"ok", problems.empty()}, {"problems", std::move(list)}});
  }

  static void Show(const std::string& name, const std::vector<IndexProblem>& problems) {
    if (problems.empty()) std::printf("%s: every checksum is right\n", name.c_str());
    for (const IndexProblem& problem : problems) {
      std::printf("%s\n", SafeForTerminal(problem.what).c_str());
      for (const std::string& id : problem.ids) std::printf("  lost: %s\n", SafeForTerminal(id).c_str());
    }
  }

  CorpusChoice corpus_;
};

}  // namespace

extern const CommandEntry command_corpus_verify{
    "corpus verify", "Read every checksum of a corpus",
    "Of its segments, its log and its manifest, while it is searched and written. What is damaged is told, with exit "
    "code 1; "
    "the next `atelier index` sets it aside and reads the files again that were lost with it.\n"
    "\n"
    "  atelier corpus verify docs",
    []() -> std::unique_ptr<Command> { return std::make_unique<VerifyCommand>(); }};

}  // namespace atelier
