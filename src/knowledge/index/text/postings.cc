#include "knowledge/index/text/postings.h"

#include <algorithm>

namespace atelier {

namespace {

uint32_t Load16(const uint8_t* at) { return static_cast<uint32_t>(at[0] | at[1] << 8); }
uint32_t Load32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, 4);
  return value;
}
void Append16(std::string& out, uint32_t value) {
  out += static_cast<char>(value);
  out += static_cast<char>(value >> 8);
}

uint32_t BitsOfLargest(std::span<const uint32_t> values) {
  uint32_t all = 0;
  for (const uint32_t value : values) all |= value;
  return static_cast<uint32_t>(BitsFor(all));
}

}  // namespace

uint32_t PostingWindow::FirstOf(uint32_t block) const { return Load16(begin_ + block * kEntryBytes); }

bool PostingWindow::Block(uint32_t block, PostingBlock& out) const {
  const uint32_t blocks = num_blocks();
  const size_t head = blocks == 1 ? 4 : blocks * kEntryBytes;
  if (block >= blocks || static_cast<size_t>(end_ - begin_) < head) return false;
  const uint8_t* entry = begin_ + (blocks == 1 ? 0 : block * kEntryBytes);
  const uint8_t* data = begin_ + head;
  const size_t room = static_cast<size_t>(end_ - data);
  const size_t offset = blocks == 1 ? 0 : Load32(entry + 4);
  const size_t stop = block + 1 < blocks ? Load32(entry + kEntryBytes + 4) : room;
  if (offset > stop || stop > room) return false;
  const uint32_t widths = Load16(entry + 2);
  out.first = Load16(entry);
  out.count = std::min(count_ - block * kBlockPostings, kBlockPostings);
  out.record_bits = static_cast<int>(widths & 31);
  out.shape_bits = static_cast<int>(widths >> 5 & 31);
  out.position_bits = static_cast<int>(widths >> 10);
  if (out.record_bits > 16 || out.shape_bits > 25 || out.position_bits > 32) return false;
  const size_t record_bytes = PackedBytes(out.count, out.record_bits),
               shape_bytes = PackedBytes(out.count, out.shape_bits);
  if (record_bytes + shape_bytes > stop - offset) return false;
  out.records = data + offset;
  out.shapes = out.records + record_bytes;
  out.positions = out.shapes + shape_bytes;
  const size_t position_bytes = stop - offset - record_bytes - shape_bytes;
  out.max_positions = out.position_bits == 0 ? UINT32_MAX : position_bytes * 8 / static_cast<size_t>(out.position_bits);
  return true;
}

uint32_t PostingWindow::BlockFor(uint32_t record, uint32_t from) const {
  const uint32_t blocks = num_blocks();
  if (blocks == 1 || static_cast<size_t>(end_ - begin_) < blocks * kEntryBytes) return from;
  uint32_t low = from, step = 1;  // FirstOf(low) <= record, or low is `from`
  while (low + step < blocks && FirstOf(low + step) <= record) {
    low += step;
    step *= 2;
  }
  uint32_t high = std::min(low + step, blocks);
  while (high > low + 1) {
    const uint32_t middle = (low + high) / 2;
    (FirstOf(middle) <= record ? low : high) = middle;
  }
  return low;
}

PostingList::PostingList(std::span<const uint8_t> bytes, uint32_t num_records)
    : num_records_(num_records), several_(num_records > kWindowRecords), at_(bytes.data()), end_(at_ + bytes.size()) {
  uint64_t df = 0, windows = 1;
  if (!ReadVarint(at_, end_, df) || df == 0 || df > num_records) return;
  if (several_ && (!ReadVarint(at_, end_, windows) || windows == 0 || windows > bytes.size())) return;
  df_ = static_cast<uint32_t>(df);
  num_left_ = static_cast<uint32_t>(windows);
  body_ = at_;
  if (!several_) return;
  uint64_t value = 0;
  for (uint64_t i = 0; i < windows * 3; ++i) {
    if (!ReadVarint(body_, end_, value)) num_left_ = 0;
  }
}

bool PostingList::Next(PostingWindow& window) {
  if (num_left_ == 0) return false;
  --num_left_;
  if (!several_) {
    window = PostingWindow(0, df_, body_, end_);
    return true;
  }
  uint64_t step = 0, count = 0, size = 0;
  const bool read = ReadVarint(at_, end_, step) && ReadVarint(at_, end_, count) && ReadVarint(at_, end_, size);
  const uint32_t num_windows = (num_records_ + kWindowRecords - 1) / kWindowRecords;
  if (!read || step == 0 || step > num_windows - next_index_ || count == 0 || count > kWindowRecords ||
      size > static_cast<size_t>(end_ - body_)) {
    num_left_ = 0;
    return false;
  }
  next_index_ += static_cast<uint32_t>(step);
  window = PostingWindow(next_index_ - 1, static_cast<uint32_t>(count), body_, body_ + size);
  body_ += size;
  return true;
}

namespace {

// One window's body. The spans are of this window alone; records count from its first.
class BodyWriter {
 public:
  BodyWriter(std::string& out, const PostingsToWrite& p, uint32_t base) : out_(out), p_(p), base_(base) {}

  // Returns how many positions were written.
  size_t Write() {
    const size_t count = p_.records.size();
    const size_t blocks = (count + kBlockPostings - 1) / kBlockPostings;
    const size_t entries = out_.size();
    if (blocks > 1) out_.resize(entries + blocks * 8);
    const size_t data = out_.size();
    for (size_t b = 0; b < blocks; ++b) {
      const size_t begin = b * kBlockPostings, n = std::min<size_t>(count - begin, kBlockPostings);
      Measure(begin, n);
      if (blocks == 1) {
        Append16(out_, first_);
        Append16(out_, widths_);
      } else {
        const uint32_t entry[2] = {first_ | widths_ << 16, static_cast<uint32_t>(out_.size() - data)};
        std::memcpy(out_.data() + entries + b * 8, entry, 8);
      }
      AppendPacked(out_, std::span(deltas_, n), static_cast<int>(widths_ & 31));
      AppendPacked(out_, p_.shapes.subspan(begin, n), static_cast<int>(widths_ >> 5 & 31));
      AppendPacked(out_, block_positions_, static_cast<int>(widths_ >> 10));
    }
    return next_position_;
  }

 private:
  void Measure(size_t begin, size_t n) {
    first_ = p_.records[begin] - base_;
    size_t num_positions = 0;
    uint32_t last = p_.records[begin] - 1;
    for (size_t i = 0; i < n; ++i) {
      deltas_[i] = p_.records[begin + i] - last - 1;
      last = p_.records[begin + i];
      num_positions += p_.positions_of_shape[p_.shapes[begin + i]];
    }
    block_positions_ = p_.positions.subspan(next_position_, num_positions);
    next_position_ += num_positions;
    widths_ = BitsOfLargest(std::span(deltas_, n)) | BitsOfLargest(p_.shapes.subspan(begin, n)) << 5 |
              BitsOfLargest(block_positions_) << 10;
  }

  std::string& out_;
  const PostingsToWrite& p_;
  uint32_t base_, first_ = 0, widths_ = 0;
  size_t next_position_ = 0;
  uint32_t deltas_[kBlockPostings];
  std::span<const uint32_t> block_positions_;
};

}  // namespace

void AppendPostings(std::string& out, const PostingsToWrite& p, uint32_t num_records) {
  AppendVarint(out, p.records.size());
  if (num_records <= kWindowRecords) {
    BodyWriter(out, p, 0).Write();
    return;
  }
  std::string entries, bodies;
  uint32_t num_windows = 0, next_index = 0;
  size_t position = 0;
  for (size_t begin = 0; begin < p.records.size();) {
    const uint32_t index = p.records[begin] / kWindowRecords;
    size_t end = begin;
    while (end < p.records.size() && p.records[end] / kWindowRecords == index) ++end;
    const PostingsToWrite part{p.records.subspan(begin, end - begin), p.shapes.subspan(begin, end - begin),
                               p.positions.subspan(position), p.positions_of_shape};
    const size_t body = bodies.size();
    position += BodyWriter(bodies, part, index * kWindowRecords).Write();
    AppendVarint(entries, index + 1 - next_index);
    AppendVarint(entries, end - begin);
    AppendVarint(entries, bodies.size() - body);
    next_index = index + 1;
    ++num_windows;
    begin = end;
  }
  AppendVarint(out, num_windows);
  out += entries;
  out += bodies;
}

}  // namespace atelier
