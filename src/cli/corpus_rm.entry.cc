// atelier corpus rm
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "cli/corpora.h"
#include "cli/models.h"

namespace atelier {
namespace {

class RemoveCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("corpus", name_, "which corpus");
    options.Required();
    options.Takes("NAME", Completion::kNothing);
    options.Flag("--yes,-y", yes_, "do not ask");
  }

  Result<void> Run(const Invocation& invocation) override {
    const std::unique_ptr<CorpusLibrary> library = OpenCorpora(invocation.config);
    int64_t bytes = 0;
    if (const Result<CorpusReport> report = ReportOf(*library, name_); report.ok()) {
      bytes = report->stats.bytes_on_disk;
      if (!yes_) TRY_VOID(Ask(*report));
    } else if (report.error().kind == ErrorKind::kNotFound) {
      return report.error();
    } else if (!yes_) {
      return Error::Invalid("--yes", "got none, and the corpus cannot be opened: " + report.error().Message());
    }
    TRY_VOID(library->Remove(name_));
    if (invocation.json) {
      invocation.Print(Json::Object({{"name", name_}, {"freed_bytes", bytes}}));
    } else {
      std::printf("%s: removed, %s freed\n", name_.c_str(), SizeText(bytes).c_str());
    }
    return {};
  }

 private:
  Result<void> Ask(const CorpusReport& report) const {
    if (isatty(STDIN_FILENO) != 1) return Error::Invalid("--yes", "got none, and nobody is there to be asked");
    std::fprintf(stderr, "Remove %s with its %lld documents (the files they were read from stay)? [y/N] ",
                 name_.c_str(), static_cast<long long>(report.stats.num_documents));
    std::string line;
    std::getline(std::cin, line);
    if (line == "y" || line == "yes") return {};
    return Error::Cancelled(name_, "not removed");
  }

  std::string name_;
  bool yes_ = false;
};

}  // namespace

extern const CommandEntry command_corpus_rm{
    "corpus rm", "Remove a corpus from the disk",
    "Its index, log and configuration; the files that it was read from stay. Where another process writes it, it is "
    "refused.\n"
    "\n"
    "  atelier corpus rm docs",
    []() -> std::unique_ptr<Command> { return std::make_unique<RemoveCommand>(); }};

}  // namespace atelier
