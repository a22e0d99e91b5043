// What a pulled or imported model consists of: manifest.json in its folder, written last, so that a folder with a
// manifest is whole. Hashes are pinned here at pull; `models verify` holds the files against them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "base/text/describe.h"

namespace atelier {

struct ManifestFile {
  std::string name;  // relative to the folder
  int64_t size = 0;  // bytes
  std::string sha256;

  static Fields Describe();
};

struct Manifest {
  int64_t version = 1;
  std::string name;
  std::string kind;          // "chat", "embedding", "rerank"; empty: not known
  std::string architecture;  // "llama"; empty: not known
  std::string parameters;    // "135M"; may be empty
  std::string licence;       // may be empty
  std::string source;        // ModelSource::Text(), or "import:/path"
  std::string revision;      // hub: the commit
  std::string pulled_at;     // "2026-11-24T00:00:00Z"
  std::vector<ManifestFile> files;

  int64_t total_bytes() const;
  static Fields Describe();
};

inline constexpr const char* kManifestName = "manifest.json";

// kNotFound if the folder has none; kCorrupt where it cannot be read or names files outside the folder.
Result<Manifest> ReadManifest(Files& files, const std::string& folder);
Result<void> WriteManifest(Files& files, const std::string& folder, const Manifest& manifest);

}  // namespace atelier
