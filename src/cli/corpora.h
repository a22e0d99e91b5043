// What the `corpus` commands share: which corpus, without any model.
#pragma once

#include <memory>
#include <string>

#include "app/corpus_care.h"
#include "cli/command.h"

namespace atelier {

// A corpus by name, or the only one, of the configuration's home.
struct CorpusChoice {
  std::string name;

  // As the command's first argument.
  void Declare(Options& options);
};

struct ChosenCorpus {
  std::unique_ptr<CorpusLibrary> library;
  std::string name;
};
Result<ChosenCorpus> Choose(const Invocation& invocation, const std::string& name);

// {"name", "folder", "embedder", "language", "documents", "chunks", "bytes"}; of one elsewhere "vector_store" too.
Json ListingBody(const CorpusConfig& config, const CorpusStats& stats);
// "12", or "unknown" where nobody tells.
std::string ChunksText(const CorpusStats& stats);
std::string EmbedderText(const CorpusConfig& config);

}  // namespace atelier
