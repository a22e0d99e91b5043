// atelier corpus snapshot
#include <cstdio>

#include "cli/corpora.h"

namespace atelier {
namespace {

class SnapshotCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("folder", folder_, "where to write it: an empty folder, or one that is not there");
    options.Required();
    options.Takes("DIR", Completion::kFiles);
    options.Text("--corpus,-c", corpus_, "which corpus; without, the only one");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const ChosenCorpus chosen, Choose(invocation, corpus_));
    TRY_VOID(SnapshotCorpus(Files::Real(), *chosen.library, chosen.name, folder_));
    if (invocation.json) {
      invocation.Print(Json::Object({{"corpus", chosen.name}, {"folder", folder_}}));
    } else {
      std::printf("%s: as it is now, in %s\n", chosen.name.c_str(), folder_.c_str());
    }
    return {};
  }

 private:
  std::string folder_, corpus_;
};

}  // namespace

extern const CommandEntry command_corpus_snapshot{
    "corpus snapshot", "Copy a corpus as it is now to a folder",
    "Of one moment, while it is searched and written. Files are linked where the file system can, else copied.\n"
    "\n"
    "  atelier corpus snapshot backup/docs-monday --corpus docs",
    []() -> std::unique_ptr<Command> { return std::make_unique<SnapshotCommand>(); }};

}  // namespace atelier
