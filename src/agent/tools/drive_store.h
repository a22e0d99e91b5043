// A tree of files: a local folder, or one on a WebDAV server. Paths are relative to its root, with '/', without "." and
// ".."; the root is "". Errors: kNotFound, kDenied, kConflict (a file is there already), kTooLarge, kInvalid (a path).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/tools/tool_net.h"
#include "base/result.h"
#include "base/task/task.h"

namespace atelier {

struct DriveEntry {
  std::string name;
  bool is_folder = false;
  int64_t bytes = 0;
};

class DriveStore {
 public:
  virtual ~DriveStore() = default;
  // At most kMaxDriveEntries, sorted by name.
  virtual Task<Result<std::vector<DriveEntry>>> List(Call call, std::string path) = 0;
  virtual Task<Result<std::string>> Read(Call call, std::string path, int64_t max_bytes) = 0;
  // Makes missing folders. Without `replace` an existing file is kConflict.
  virtual Task<Result<void>> Write(Call call, std::string path, std::string content, bool replace) = 0;
};

inline constexpr size_t kMaxDriveEntries = 5'000;

// "a/b" of what a model or a server says; nothing that leads out of the root.
Result<std::string> DrivePath(const std::string& path);

// Errors: kNotFound, kInvalid (no folder).
Result<std::shared_ptr<DriveStore>> OpenLocalDrive(const std::string& folder, Pool& pool);
// `url` ends with '/'. `authorization` is a header's value, or empty.
std::shared_ptr<DriveStore> OpenWebDav(std::string url, std::string authorization, ToolNet net);

}  // namespace atelier
