// Tells when a file has been written or replaced, without reading it. One thread at a time.
#pragma once

#include <string>
#include <utility>

#include "base/io/files.h"

namespace atelier {

class ConfigWatch {
 public:
  // `files` must outlive it. An empty path never changes.
  ConfigWatch(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  // Since the last call; at the first always, as it may have been written while it was first read. A file that is not
  // there has not.   COST: a stat.
  bool HasChanged() {
    if (path_.empty()) return false;
    const Result<FileInfo> now = files_.Stat(path_);
    if (!now.ok() || (now->size == seen_.size && now->modified_ns == seen_.modified_ns)) return false;
    seen_ = *now;
    return true;
  }

 private:
  Files& files_;
  const std::string path_;
  FileInfo seen_;
};

}  // namespace atelier
