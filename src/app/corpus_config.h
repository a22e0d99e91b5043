// `corpora` in atelier.yaml: which documents, how they are read, cut, embedded and searched.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "knowledge/answer_config.h"
#include "knowledge/chunk/chunk_options.h"
#include "knowledge/remote/store_config.h"
#include "knowledge/retrieve/retrieval_config.h"

namespace atelier {

struct CorpusConfig {
  std::string name;
  std::string folder;                             // whose files it holds; empty: files are sent to it
  std::vector<std::string> include, exclude;      // globs below the folder; of none, every file that a loader reads
  std::string embedder;                           // empty: the default embedding model; "none": searched by words alone
  std::string postgres;                           // the address of a server that keeps it; empty: this machine does
  std::optional<VectorStoreConfig> vector_store;  // of another program, which keeps it: it is read alone
  std::string language = "en";                    // of stemming and stop words; "none": neither
  bool ocr = true;                                // read pictures and scanned pages
  ChunkOptions chunking;
  RetrievalConfig retrieval;
  AnswerConfig answers;
  static Fields Describe();
};

// Whether each can be what it says it is. Errors: kInvalid under "corpora[i]".
Result<void> CheckCorpora(const std::vector<CorpusConfig>& corpora, const std::vector<ProviderConfig>& providers);

}  // namespace atelier
