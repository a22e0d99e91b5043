// Writes the sections of a vector segment one after the other, then the header before them (vector_format.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/io/crc32c.h"
#include "knowledge/index/vector/vector_format.h"

namespace atelier {

class SectionWriter {
 public:
  explicit SectionWriter(VectorHeader header) : header_(header), bytes_(VectorAligned(sizeof(VectorHeader))) {}

  // The section's bytes, zero, to be filled before the next is made.
  std::span<std::byte> Make(VectorSection section, size_t size) {
    const size_t offset = bytes_.size();
    bytes_.resize(VectorAligned(offset + size));
    header_.sections[static_cast<size_t>(section)] = {.offset = offset, .size = size};
    return std::span(bytes_).subspan(offset, size);
  }
  void Put(VectorSection section, std::span<const std::byte> content) {
    const std::span<std::byte> to = Make(section, content.size());
    std::copy(content.begin(), content.end(), to.begin());
  }

  VectorHeader& header() { return header_; }

  std::vector<std::byte> Finish() && {
    for (VectorSectionEntry& entry : header_.sections) {
      entry.crc = Crc32c(std::span(bytes_).subspan(entry.offset, VectorAligned(entry.size)));
    }
    header_.crc = Crc32c(std::as_bytes(std::span(&header_, 1)));
    std::memcpy(bytes_.data(), &header_, sizeof(header_));
    return std::move(bytes_);
  }

 private:
  VectorHeader header_;
  std::vector<std::byte> bytes_;
};

// Replaces a section of a finished segment by one of the same size.
inline void ReplaceSection(std::vector<std::byte>& bytes, VectorSection section, std::span<const std::byte> content) {
  VectorHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  VectorSectionEntry& entry = header.sections[static_cast<size_t>(section)];
  CHECK(entry.size == content.size());
  std::copy(content.begin(), content.end(), bytes.begin() + static_cast<std::ptrdiff_t>(entry.offset));
  entry.crc = Crc32c(std::span(bytes).subspan(entry.offset, VectorAligned(entry.size)));
  header.crc = 0;
  header.crc = Crc32c(std::as_bytes(std::span(&header, 1)));
  std::memcpy(bytes.data(), &header, sizeof(header));
}

}  // namespace atelier
