#include "cli/corpora.h"

namespace atelier {

void CorpusChoice::Declare(Options& options) {
  options.Text("corpus", name, "which corpus; without, the only one");
  options.Takes("NAME", Completion::kNothing);
}

Result<ChosenCorpus> Choose(const Invocation& invocation, const std::string& name) {
  ChosenCorpus chosen;
  chosen.library = OpenCorpora(invocation.config);
  TRY(chosen.name, chosen.library->NameOf(name));
  return chosen;
}

Json ListingBody(const CorpusConfig& config, const CorpusStats& stats) {
  return Json::Object({{"name", config.name},
                       {"folder", config.folder},
                       {"embedder", config.embedder},
                       {"language", config.language},
                       {"documents", stats.num_documents},
                       {"chunks", stats.num_chunks},
                       {"bytes", stats.bytes_on_disk}});
}

}  // namespace atelier
