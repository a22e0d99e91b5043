// atelier corpus import
#include <cstdio>

#include "cli/corpora.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class ImportCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("file", file_, "what `atelier corpus export` wrote");
    options.Required();
    options.Takes("FILE", Completion::kFiles);
    options.Text("--corpus,-c", corpus_, "its name here; without, what it was called");
    options.Flag("--replace", replace_, "in the place of the corpus of that name");
  }

  Result<void> Run(const Invocation& invocation) override {
    const std::unique_ptr<CorpusLibrary> library = OpenCorpora(invocation.config);
    TRY(const ImportReport report, ImportCorpus(Files::Real(), *library, file_, corpus_, replace_));
    const ImportCounts& counts = report.counts;
    if (invocation.json) {
      invocation.Print(Json::Object({{"corpus", report.name},
                                     {"embedder", report.embedder},
                                     {"documents", counts.num_documents},
                                     {"chunks", counts.num_chunks},
                                     {"vectors", counts.num_vectors}}));
      return {};
    }
    std::printf("%s: %lld documents, %lld chunks, %lld vectors\n", SafeForTerminal(report.name).c_str(),
                static_cast<long long>(counts.num_documents), static_cast<long long>(counts.num_chunks),
                static_cast<long long>(counts.num_vectors));
    if (report.embedder == "none") {
      std::printf("it is searched by words; vectors: atelier corpus reembed %s --embedder MODEL\n",
                  SafeForTerminal(report.name).c_str());
    }
    return {};
  }

 private:
  std::string file_, corpus_;
  bool replace_ = false;
};

}  // namespace

extern const CommandEntry command_corpus_import{
    "corpus import", "Make a corpus of what was exported",
    "Nothing is read, cut or embedded again. The new corpus is made beside the one that is there, and with --replace "
    "takes its place in one step; a file that is not as an export writes it is refused by its line, and changes "
    "nothing. "
    "Where the file has no vectors, the corpus is searched by words until `atelier corpus reembed`.\n"
    "\n"
    "  atelier corpus export docs --vectors --out docs.jsonl\n"
    "  atelier corpus import docs.jsonl --corpus copy",
    []() -> std::unique_ptr<Command> { return std::make_unique<ImportCommand>(); }};

}  // namespace atelier
