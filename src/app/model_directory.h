// Which models there are: every folder under $ATELIER_HOME/models, and those that the configuration names.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/config.h"

namespace atelier {

// Thread-safe. A model's file is looked into once, and again when it changes.
class ModelDirectory {
 public:
  explicit ModelDirectory(const Config& config);

  // By id; `loaded` is not known here. A model that cannot be read is left out (`atelier doctor` says why).
  std::vector<ModelListing> List() const;
  // The path of `id`. NotFound (code model_not_found) names the nearest known one.
  Result<std::string> PathOf(std::string_view id) const;

 private:
  struct Known {
    int64_t modified = 0;
    bool readable = false;
    ModelListing listing;
  };
  // Id and path of all candidates.
  std::vector<std::pair<std::string, std::string>> Candidates() const;

  const std::string models_folder_;
  const std::vector<ModelConfig> configured_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Known> known_;  // by path
};

}  // namespace atelier
