// The postings of one term in one segment, in windows of 65,536 records and blocks of 128 postings.
//
//   list    varint df; where the segment has more than one window: varint number of windows, then for each varint
//   (index
//           minus the last one's index, the first plus 1), varint count, varint bytes; then the windows' bodies
//   body    of one block: u16 first record, u16 widths, the block's data
//           of more: for each block u16 first record, u16 widths, u32 offset of its data after the last of these; the
//           data
//   widths  bits of record differences (0-4), of shapes (5-9), of positions (10-15)
//   data    differences (record - previous record - 1; 0 for the first), then shapes, then positions: each packed, low
//           bits first, from a byte's begin
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "knowledge/index/text/posting_kernels.h"
#include "knowledge/index/text/segment_format.h"

namespace atelier {

class PostingWindow {
 public:
  PostingWindow() = default;
  PostingWindow(uint32_t index, uint32_t count, const uint8_t* begin, const uint8_t* end)
      : index_(index), count_(count), begin_(begin), end_(end) {}
  uint32_t index() const { return index_; }
  uint32_t count() const { return count_; }
  uint32_t num_blocks() const { return (count_ + kBlockPostings - 1) / kBlockPostings; }
  uint32_t FirstOf(uint32_t block) const;  // of several
  // False where the bytes do not hold it.
  bool Block(uint32_t block, PostingBlock& out) const;
  // The last block that begins at or before the record, or `from` where none after it does. Fast where it is near.
  uint32_t BlockFor(uint32_t record, uint32_t from) const;

 private:
  static constexpr size_t kEntryBytes = 8;
  uint32_t index_ = 0, count_ = 0;
  const uint8_t* begin_ = nullptr;
  const uint8_t* end_ = nullptr;
};

// In order of windows; a damaged list ends early.
class PostingList {
 public:
  PostingList() = default;
  // REQUIRES: kTailBytes can be read after the bytes.
  PostingList(std::span<const uint8_t> bytes, uint32_t num_records);
  uint32_t df() const { return df_; }
  bool Next(PostingWindow& window);

 private:
  uint32_t num_records_ = 0, df_ = 0, num_left_ = 0, next_index_ = 0;
  bool several_ = false;
  const uint8_t* at_ = nullptr;    // the next window's entry
  const uint8_t* body_ = nullptr;  // the next window's body
  const uint8_t* end_ = nullptr;
};

// Appends the list. `records` ascend; posting i has shape shapes[i] and num_positions[shapes[i]] of the positions.
struct PostingsToWrite {
  std::span<const uint32_t> records, shapes, positions;
  std::span<const uint32_t> positions_of_shape;
};
void AppendPostings(std::string& out, const PostingsToWrite& postings, uint32_t num_records);

}  // namespace atelier
