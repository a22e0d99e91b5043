// Opens files below a folder so that nothing leads out of it: no "..", no absolute path, no link whose target lies
// outside.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace atelier {

class FolderFile {
 public:
  // `path` below `folder`. Errors: kNotFound, kDenied, kInvalid (no regular file, or leads out).
  static Result<FolderFile> Open(const std::string& folder, const std::string& path);
  FolderFile(FolderFile&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), size_(other.size_), modified_ns_(other.modified_ns_) {}
  FolderFile& operator=(FolderFile&&) = delete;
  ~FolderFile();

  int64_t size() const { return size_; }
  int64_t modified_ns() const { return modified_ns_; }
  // Piece by piece to the end. Errors: kTooLarge above max_bytes; what the reading or `take` says.
  Result<void> Read(int64_t max_bytes, const std::function<Result<void>(std::string_view piece)>& take) const;

 private:
  FolderFile(int fd, int64_t size, int64_t modified_ns) : fd_(fd), size_(size), modified_ns_(modified_ns) {}
  int fd_;
  int64_t size_;
  int64_t modified_ns_;
};

}  // namespace atelier
