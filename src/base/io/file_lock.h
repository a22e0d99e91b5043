// A lock between processes, held on a file that exists for nothing else. Released when the object, or the process,
// goes; the file stays.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace atelier {

class FileLock {
 public:
  // Makes the file if needed. kConflict at once if another process (or another FileLock) holds it.
  static Result<FileLock> TryLock(const std::string& path);

  FileLock() = default;
  ~FileLock();
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

 private:
  int fd_ = -1;
};

}  // namespace atelier
