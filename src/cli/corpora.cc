#include "cli/corpora.h"

#include "cli/terminal_text.h"

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
  Json body = Json::Object({{"name", config.name},
                            {"folder", config.folder},
                            {"embedder", config.embedder},
                            {"language", config.language},
                            {"documents", stats.num_documents},
                            {"chunks", stats.num_chunks ? Json(*stats.num_chunks) : Json()},
                            {"bytes", stats.bytes_on_disk}});
  if (config.vector_store) {
    const VectorStoreConfig& store = *config.vector_store;
    Json told = Json::Object({{"id", store.id}});
    store.provider.empty() ? told.Set("base_url", store.base_url) : told.Set("provider", store.provider);
    body.Set("vector_store", std::move(told));
  }
  return body;
}

std::string ChunksText(const CorpusStats& stats) {
  return stats.num_chunks ? std::to_string(*stats.num_chunks) : "unknown";
}

std::string EmbedderText(const CorpusConfig& config) {
  return config.vector_store ? "its own" : SafeForTerminal(config.embedder);
}

}  // namespace atelier
