// atelier corpus list
#include <cstdio>

#include "cli/corpora.h"
#include "cli/models.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class ListCommand final : public Command {
 public:
  void Declare(Options& options) override { options.Flag("--names", names_only_, "names alone, one a line"); }

  Result<void> Run(const Invocation& invocation) override {
    const std::unique_ptr<CorpusLibrary> library = OpenCorpora(invocation.config);
    TRY(const std::vector<CorpusListing> listings, ListCorpora(*library));
    Json list = Json::Array();
    for (const CorpusListing& listing : listings) {
      Json body = ListingBody(listing.config, listing.stats);
      body.Set("problem", listing.problem);
      list.Push(std::move(body));
      if (invocation.json) continue;
      names_only_ ? static_cast<void>(std::printf("%s\n", listing.config.name.c_str())) : Show(listing);
    }
    if (invocation.json) invocation.Print(list);
    return {};
  }

 private:
  static void Show(const CorpusListing& listing) {
    const CorpusConfig& config = listing.config;
    if (!listing.problem.empty()) {
      std::printf("%-20s %s\n", config.name.c_str(), SafeForTerminal(listing.problem).c_str());
      return;
    }
    std::printf("%-20s %7lld documents %8s chunks %10s  %-24s %s\n", config.name.c_str(),
                static_cast<long long>(listing.stats.num_documents), ChunksText(listing.stats).c_str(),
                SizeText(listing.stats.bytes_on_disk).c_str(), EmbedderText(config).c_str(),
                SafeForTerminal(config.vector_store ? config.vector_store->id : config.folder).c_str());
  }

  bool names_only_ = false;
};

}  // namespace

extern const CommandEntry command_corpus_list{
    "corpus list", "The corpora, and what they hold", "  atelier corpus list",
    []() -> std::unique_ptr<Command> { return std::make_unique<ListCommand>(); }};

}  // namespace atelier
