// Files below one folder, named by paths relative to it, for a caller who is not trusted: no path leads out. Each part
// is opened from the one before and no symbolic link is followed, so that it does not matter who changes what
// meanwhile. What is no regular file (a device, a pipe, a socket) is refused, sizes are bounded.   Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

struct FolderEntry {
  std::string path;  // from the folder
  bool is_folder = false;
  int64_t size = 0;  // of a file
};

class FolderView {
 public:
  // `folder` itself may be, or lead through, a link: it is the settings' word.
  explicit FolderView(std::string folder) : folder_(std::move(folder)) {}

  // The whole file. Errors: kInvalid for a path with "..", absolute or empty parts; kDenied for links and what is no
  // file; kNotFound; kTooLarge above max_bytes.
  Result<std::string> Read(std::string_view path, int64_t max_bytes) const;
  // Replaces or makes the file in one step, with the folders that lead to it.
  Result<void> Write(std::string_view path, std::string_view content) const;
  // What lies below `path` (empty: all), folders before their content, names sorted, links left out, until `each` says
  // false. Deeper than 64 folders nothing is looked at.
  Result<void> Walk(std::string_view path, bool recursive, const std::function<bool(const FolderEntry&)>& each) const;

 private:
  const std::string folder_;
};

}  // namespace atelier
