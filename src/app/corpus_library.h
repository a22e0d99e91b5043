// The corpora under $ATELIER_HOME/corpora, a folder each:
//
//   NAME/corpus.json   the CorpusConfig that it was made with, the size of its vectors, and which index counts
//   NAME/index/        the HybridIndex; once another one has taken its place: index-2, index-3, ...
//   NAME/CHANGE        held while another index is made (IndexChange)
//
// Of a corpus in PostgreSQL there is corpus.json alone; of a vector store that another program keeps there is nothing:
// it is what atelier.yaml says it is.
//
// Another index is made in a folder of its own; it takes the old one's place when corpus.json names it, in one step.
//
// A corpus is opened on first use and stays open while somebody holds it: by one process for writing, by any number for
// reading. What atelier.yaml says of a corpus holds over what it was made with, but for the embedder and the language:
// another of these is an error that names both.
// Thread-safe; every call may block.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/corpus_config.h"
#include "base/io/files.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {

struct OpenedCorpus {
  CorpusConfig config;
  std::unique_ptr<Corpus> corpus;
  LocalCorpus* local = nullptr;  // `corpus`, where this machine keeps it
  std::string index_folder;      // empty where it does not

  // Errors: kUnsupported names `wanted` and what keeps the corpus, where this machine does not.
  Result<HybridIndex*> Index(CorpusCapability wanted) const;
};

// What corpus.json says.
struct MadeCorpus {
  CorpusConfig config;
  int32_t dimensions = 0;
  std::string index;  // the folder of the index that counts
  static Fields Describe();
};

// Somebody makes another index for a corpus. Others that want to do so meanwhile are refused.
struct IndexChange {
  std::optional<MadeCorpus> made;  // none: the corpus is not there yet
  std::string old_index;           // path of the index that counts; empty if there is none
  std::vector<std::string> left;   // paths of others, which earlier changes have left
  std::string fresh;               // a path that is free
  std::shared_ptr<const void> lock;
};

class CorpusLibrary {
 public:
  // `files` outlives the library.
  CorpusLibrary(Files& files, std::string folder, std::vector<CorpusConfig> configured,
                std::vector<ProviderConfig> providers = {});

  // For writing. Errors: kNotFound names those that there are; kConflict while another process has it so; the index's.
  Result<std::shared_ptr<OpenedCorpus>> Open(const std::string& name);
  // For reading, whoever writes it. What is committed is seen at once, also where another index has taken its place.
  Result<std::shared_ptr<OpenedCorpus>> Read(const std::string& name);
  // The same as it was made, whatever atelier.yaml says of it.
  Result<std::shared_ptr<OpenedCorpus>> ReadAsMade(const std::string& name);
  // Makes it, or opens it where it is there already; `config.embedder` is a model's name or "none", `dimensions` that
  // of its vectors. Errors: kInvalid for a name that is no name; kConflict for another embedder or language.
  Result<std::shared_ptr<OpenedCorpus>> Make(CorpusConfig config, int32_t dimensions);
  // What is made or configured, by name.
  Result<std::vector<CorpusConfig>> List();
  // `name`, or where that is empty the only corpus. Errors: kNotFound where there is none, kInvalid where there are
  // several.
  Result<std::string> NameOf(const std::string& name);
  // Takes it from the disk. Errors: kNotFound; kConflict while somebody writes it, here or in another process.
  Result<void> Remove(const std::string& name);

  // The corpus need not be there. Errors: kConflict while another change is under way; kUnsupported, as Index(wanted),
  // where this machine does not keep it.
  Result<IndexChange> BeginChange(const std::string& name, CorpusCapability wanted);
  // The index at `path`, of one that began, takes the old one's place; that and all others are removed. The caller
  // holds HybridIndex::Lock of the old one.
  Result<void> Exchange(const IndexChange& change, const std::string& path, MadeCorpus made);

  std::string FolderOf(const std::string& name) const { return JoinPath(folder_, name); }

 private:
  Result<std::vector<std::string>> Names();
  // Durably.
  Result<void> MakeFolderOf(const std::string& name);
  Result<MadeCorpus> ReadMade(const std::string& name);
  // What atelier.yaml says of it, put over what it was made with.
  Result<CorpusConfig> Configured(CorpusConfig made) const;
  Result<std::shared_ptr<OpenedCorpus>> OpenMade(MadeCorpus made);
  Result<std::shared_ptr<OpenedCorpus>> OpenElsewhere(const MadeCorpus& made);
  // Of what is configured, the vector store of that name; null: there is none.
  const CorpusConfig* FindStore(const std::string& name) const;
  Result<std::shared_ptr<OpenedCorpus>> OpenStore(const CorpusConfig& config);
  std::vector<std::string> StoreNames() const;
  // kUnsupported where `name` is such a store.
  Result<void> CheckNoStore(const std::string& name, CorpusCapability wanted);
  Result<std::shared_ptr<OpenedCorpus>> Follow(const std::string& name, bool as_made);
  void Keep(std::shared_ptr<OpenedCorpus> opened);
  std::string IndexPath(const MadeCorpus& made) const { return JoinPath(FolderOf(made.config.name), made.index); }

  Files& files_;
  const std::string folder_;
  const std::vector<CorpusConfig> configured_;
  const std::vector<ProviderConfig> providers_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<OpenedCorpus>> open_;    // for writing
  std::map<std::string, std::shared_ptr<OpenedCorpus>> read_;  // for reading, as configured; the last few
  std::map<std::string, std::shared_ptr<OpenedCorpus>> stores_;
};

// corpus.json of a corpus's folder.
Result<MadeCorpus> ReadMadeCorpus(Files& files, const std::string& folder);
Result<void> WriteMadeCorpus(Files& files, const std::string& folder, const MadeCorpus& made);

// HybridIndex::Lock of a corpus's index, with an error that says what to do.
Result<std::shared_ptr<const void>> KeepWritersOut(Files& files, const std::string& name, const std::string& index);

// Those of the configuration's home, for commands that need no models.
std::unique_ptr<CorpusLibrary> OpenCorpora(const Config& config);

}  // namespace atelier
