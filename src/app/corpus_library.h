// The corpora under $ATELIER_HOME/corpora, a folder each:
//
//   NAME/corpus.json   the CorpusConfig that it was made with, and the size of its vectors
//   NAME/index/        the HybridIndex
//
// A corpus is opened on first use and stays open while somebody holds it. What atelier.yaml says of a corpus holds over
// what it was made with, but for the embedder and the language: another of these is an error that names both.
// Thread-safe; every call may block.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/corpus_config.h"
#include "base/io/files.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {

struct OpenedCorpus {
  CorpusConfig config;
  std::unique_ptr<LocalCorpus> corpus;
};

class CorpusLibrary {
 public:
  // `files` outlives the library.
  CorpusLibrary(Files& files, std::string folder, std::vector<CorpusConfig> configured);

  // Errors: kNotFound names those that there are; the index's.
  Result<std::shared_ptr<OpenedCorpus>> Open(const std::string& name);
  // Makes it, or opens it where it is there already; `config.embedder` is a model's name or "none", `dimensions` that
  // of its vectors. Errors: kInvalid for a name that is no name; kConflict for another embedder or language.
  Result<std::shared_ptr<OpenedCorpus>> Make(CorpusConfig config, int32_t dimensions);
  // What is made or configured, by name.
  Result<std::vector<CorpusConfig>> List();
  // `name`, or where that is empty the only corpus. Errors: kNotFound where there is none, kInvalid where there are
  // several.
  Result<std::string> NameOf(const std::string& name);
  // Takes it from the disk. Errors: kNotFound; kConflict while somebody holds it.
  Result<void> Remove(const std::string& name);

  std::string FolderOf(const std::string& name) const { return JoinPath(folder_, name); }

 private:
  struct Made {
    CorpusConfig config;
    int32_t dimensions = 0;
    static Fields Describe();
  };
  Result<std::vector<std::string>> Names();
  Result<Made> ReadMade(const std::string& name);
  Result<std::shared_ptr<OpenedCorpus>> OpenMade(const std::string& name, Made made);

  Files& files_;
  const std::string folder_;
  const std::vector<CorpusConfig> configured_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<OpenedCorpus>> open_;
};

}  // namespace atelier
