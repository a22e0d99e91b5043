// Strings by number, in the bytes of a file: count, offsets, text. Nothing is copied and nothing unpacked: a string is
// a view of the file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/index/byte_codec.h"

namespace atelier {

class PackedStrings {
 public:
  PackedStrings() = default;
  // Reads a table from where the reader stands; check reader.ok() afterwards. What the offsets say is checked at use.
  explicit PackedStrings(PackedReader& reader) {
    reader.Align();
    const uint64_t count = reader.Fixed<uint64_t>();
    const uint64_t num_bytes = reader.Fixed<uint64_t>();
    offsets_ = reader.Array<uint64_t>(count + 1);
    text_ = AsText(reader.Raw(num_bytes));
    if (!reader.ok()) *this = {};
  }

  uint32_t size() const { return offsets_.empty() ? 0 : static_cast<uint32_t>(offsets_.size() - 1); }
  std::string_view operator[](uint32_t index) const {
    const uint64_t begin = std::min<uint64_t>(offsets_[index], text_.size());
    const uint64_t end = std::clamp<uint64_t>(offsets_[index + 1], begin, text_.size());
    return text_.substr(begin, end - begin);
  }
  // The first string that is not less than `text`.   REQUIRES: the table is sorted.
  uint32_t LowerBound(std::string_view text) const {
    uint32_t low = 0, high = size();
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if ((*this)[middle] < text)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

 private:
  std::span<const uint64_t> offsets_;
  std::string_view text_;
};

class PackedStringsBuilder {
 public:
  void Add(std::string_view text) {
    text_ += text;
    offsets_.push_back(text_.size());
  }
  size_t num_bytes() const { return text_.size() + offsets_.size() * sizeof(uint64_t); }
  void Write(PackedWriter& out) const {
    out.Align();
    out.Fixed<uint64_t>(offsets_.size() - 1);
    out.Fixed<uint64_t>(text_.size());
    out.Array(offsets_);
    out.Raw(text_);
  }

 private:
  std::vector<uint64_t> offsets_ = {0};
  std::string text_;
};

}  // namespace atelier
