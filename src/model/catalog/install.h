// The last steps that pulls and imports share: pin what lies in a staging folder, and make it the model.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "model/catalog/manifest.h"
#include "model/catalog/progress.h"

namespace atelier {

// Every file below `folder` but the manifest and partial downloads, with size and hash, sorted by name.
Result<std::vector<ManifestFile>> PinFiles(Files& files, const std::string& folder, std::stop_token stop,
                                           const PullProgressFunction& progress);

// Writes the manifest into `staging` and makes it `folder` by one rename; a folder that was there goes to `aside`
// first and is removed afterwards.
Result<void> InstallFolder(Files& files, const std::string& staging, const Manifest& manifest,
                           const std::string& folder, const std::string& aside);

// Names of all files below `folder` that may belong to a model, relative to it, sorted.
Result<std::vector<std::string>> ListTree(Files& files, const std::string& folder);

}  // namespace atelier
