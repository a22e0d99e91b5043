// atelier corpus restore
#include <cstdio>

#include "cli/corpora.h"

namespace atelier {
namespace {

class RestoreCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("folder", folder_, "what `atelier corpus snapshot` wrote");
    options.Required();
    options.Takes("DIR", Completion::kFiles);
    options.Text("--corpus,-c", corpus_, "its name here; without, what it was called");
    options.Flag("--replace", replace_, "in the place of the corpus of that name");
  }

  Result<void> Run(const Invocation& invocation) override {
    const std::unique_ptr<CorpusLibrary> library = OpenCorpora(invocation.config);
    TRY(const std::string name, RestoreCorpus(Files::Real(), *library, folder_, corpus_, replace_));
    TRY(const CorpusReport report, ReportOf(*library, name));
    if (invocation.json) {
      invocation.Print(ListingBody(report.config, report.stats));
    } else {
      std::printf("%s: %lld documents, %s chunks\n", name.c_str(), static_cast<long long>(report.stats.num_documents),
                  ChunksText(report.stats).c_str());
    }
    return {};
  }

 private:
  std::string folder_, corpus_;
  bool replace_ = false;
};

}  // namespace

extern const CommandEntry command_corpus_restore{
    "corpus restore", "Make a corpus of a snapshot",
    "The snapshot's checksums are read first. With --replace the new one is made beside the corpus that is there, and "
    "then "
    "takes its place in one step; searches go on meanwhile.\n"
    "\n"
    "  atelier corpus restore backup/docs-monday --replace",
    []() -> std::unique_ptr<Command> { return std::make_unique<RestoreCommand>(); }};

}  // namespace atelier
