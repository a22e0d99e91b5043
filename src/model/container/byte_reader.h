// Reads little-endian values one after the other from bytes that nobody vouches for. Nothing is ever read beyond
// the end; each failure says how much was wanted and how much was left.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

static_assert(std::endian::native == std::endian::little, "model files are read as they lie in memory");

// The error under a file, key or tensor, always joined by ": ": names of tensors look like paths of fields.
inline Error Within(std::string_view outer, Error error) {
  error.where = error.where.empty() ? std::string(outer) : std::string(outer) + ": " + error.where;
  return error;
}

class FileBytesReader {
 public:
  explicit FileBytesReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t offset() const { return offset_; }
  size_t left() const { return bytes_.size() - offset_; }
  bool done() const { return left() == 0; }

  template <class T>
  Result<T> Read() {
    TRY(const auto bytes, Take(sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  // The next `size` bytes, as a view.
  Result<std::span<const std::byte>> Take(uint64_t size) {
    if (size > left()) {
      return Error::Invalid("", "truncated: got " + std::to_string(left()) + " bytes left at offset " +
                                    std::to_string(offset_) + ", want " + std::to_string(size));
    }
    const auto taken = bytes_.subspan(offset_, static_cast<size_t>(size));
    offset_ += static_cast<size_t>(size);
    return taken;
  }
  Result<std::string_view> TakeText(uint64_t size) {
    TRY(const auto bytes, Take(size));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  std::span<const std::byte> bytes_;
  size_t offset_ = 0;
};

}  // namespace atelier
