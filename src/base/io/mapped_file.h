// A file mapped read-only into memory. Pages load on first touch and are shared with every other process that
// maps the file. The spans it hands out live as long as the MappedFile (moving it does not move the bytes).
// A file that somebody truncates while it is mapped ends the process (SIGBUS), so what is mapped is only ever
// replaced by rename, never written in place.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"

namespace atelier {

class MappedFile {
 public:
  // Errors: kNotFound, kDenied, kUnavailable, all with the path as `where`; kInvalid for what is no regular file.
  // An empty file maps to an empty span.
  static Result<MappedFile> Open(const std::string& path);

  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept { Swap(other); }
  MappedFile& operator=(MappedFile&& other) noexcept {
    MappedFile(std::move(other)).Swap(*this);
    return *this;
  }

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  size_t size() const { return size_; }
  const std::string& path() const { return path_; }

  // Says that a part will be read soon, or is not needed in memory any more. Hints only; any range is fine.
  void WillNeed(size_t offset, size_t size) const;
  void DontNeed(size_t offset, size_t size) const;

 private:
  void Swap(MappedFile& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(path_, other.path_);
  }

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::string path_;
};

}  // namespace atelier
