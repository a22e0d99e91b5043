// One pull: from the name of a model to its folder.
#pragma once

#include <string>
#include <string_view>

#include "base/io/file_lock.h"
#include "model/catalog/model_store.h"

namespace atelier {

class Puller {
 public:
  Puller(const StoreOptions& store, const PullOptions& options, Files& files, const Clock& clock, HttpClient& http);

  Result<PulledModel> Pull(const CatalogModel& model);

 private:
  // The model as it lies there, if it needs nothing.
  std::optional<Manifest> Whole() const;
  // A folder of somebody's own whose files are those of a source.
  Result<std::optional<Manifest>> Adopt();
  Result<Manifest> Fetch();
  Result<std::string> FetchHub(const ModelSource& source, const std::string& staging);  // returns the commit
  Result<void> FetchFile(const ModelSource& source, const HubRepository& repository, const HubFile& file,
                         const SourceFile& want, const std::string& staging);
  Result<void> WriteTexts(const ModelSource& source, const std::string& folder);
  Manifest NewManifest(const std::string& source) const;
  void Note(PullStage stage, const std::string& source, std::string text) const;

  const StoreOptions& store_;
  const PullOptions& options_;
  Files& files_;
  const Clock& clock_;
  HttpClient& http_;
  Hub hub_;
  const CatalogModel* model_ = nullptr;
  std::string folder_;     // HOME/models/NAME
  std::string downloads_;  // HOME/downloads/NAME
  std::string licence_;    // as the hub says, where the catalogue does not
};

// "ORG/REPO" or "ORG/REPO:FILE.gguf" as a model of its own.   Errors: kInvalid.
Result<CatalogModel> HubModel(std::string_view what);

}  // namespace atelier
