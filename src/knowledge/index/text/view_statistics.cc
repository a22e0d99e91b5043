#include "knowledge/index/text/view_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace atelier {

namespace {

using Reader = TextSegment::Reader;

constexpr size_t kWindowWords = kWindowRecords / 64;

// Lengths of fields, weighted, in whole numbers until the end: the same whatever the cut into segments.
std::vector<uint64_t> SumCounted(const Reader& reader, const Bitmap* counted, int64_t& num_counted) {
  if (counted == nullptr) {
    num_counted += reader.num_with_text;
    return reader.total_lengths;
  }
  std::vector<uint64_t> totals(reader.num_fields);
  counted->ForEach([&](uint32_t record) {
    if (!(reader.weighted_lengths[record] > 0)) return;
    ++num_counted;
    for (uint32_t f = 0; f < reader.num_fields; ++f) totals[f] += reader.Length(f, record);
  });
  return totals;
}

}  // namespace

ListCursor ListCursor::Of(PostingList list, float scale) {
  ListCursor cursor{list, {}, false, scale};
  cursor.more = cursor.list.Next(cursor.window);
  return cursor;
}

bool ListCursor::At(uint32_t index) {
  while (more && window.index() < index) more = list.Next(window);
  return more && window.index() == index;
}

void MarkRecords(const Reader& reader, const PostingWindow& window, int32_t field, uint64_t* bits) {
  const PostingKernels& kernels = BestPostingKernels();
  const std::span<const float> frequencies = reader.Frequencies(field);
  const uint32_t num_records = WindowRecords(reader, window.index());
  uint32_t records[kBlockPostings], shapes[kBlockPostings];
  PostingBlock block;
  for (uint32_t b = 0; b < window.num_blocks() && window.Block(b, block); ++b) {
    kernels.unpack_records(block, num_records, records);
    if (field >= 0) kernels.unpack_shapes(block, reader.num_shapes, shapes);
    for (uint32_t i = 0; i < block.count; ++i) {
      if (field >= 0 && !(frequencies[shapes[i]] > 0)) continue;
      bits[records[i] / 64] |= uint64_t{1} << (records[i] % 64);
    }
  }
}

ViewStatistics::ViewStatistics(std::vector<TextPart> parts, TextRanking ranking)
    : parts_(std::move(parts)), ranking_(ranking) {
  std::vector<uint64_t> totals;
  std::span<const double> boosts;
  for (TextPart& part : parts_) {
    const Reader& r = part.segment->reader();
    CHECK(part.counted == nullptr || part.counted->size() == r.num_records);
    CHECK(totals.empty() || totals.size() == r.num_fields);
    if (part.counted != nullptr && part.counted->Count() == r.num_records) part.counted = nullptr;
    all_count_ = all_count_ && part.counted == nullptr;
    boosts = r.boosts;
    const std::vector<uint64_t> sums = SumCounted(r, part.counted.get(), num_counted_);
    totals.resize(sums.size());
    for (size_t f = 0; f < sums.size(); ++f) totals[f] += sums[f];
  }
  double total = 0;
  for (size_t f = 0; f < totals.size(); ++f) total += boosts[f] * static_cast<double>(totals[f]);
  const double average = num_counted_ > 0 ? total / static_cast<double>(num_counted_) : 1;
  base_ = static_cast<float>(ranking_.k1 * (1 - ranking_.b));
  slope_ = static_cast<float>(ranking_.k1 * ranking_.b / average);
}

const uint64_t* ViewStatistics::Counted(size_t part, uint32_t index) const {
  const Bitmap* counted = parts_[part].counted.get();
  return counted == nullptr ? nullptr : counted->words().data() + index * kWindowWords;
}

double ViewStatistics::Weight(int64_t document_frequency) const {
  const double n = static_cast<double>(num_counted_), df = static_cast<double>(document_frequency);
  return (ranking_.k1 + 1) * std::log1p((n - df + 0.5) / (df + 0.5));
}

int64_t ViewStatistics::DocumentFrequency(std::string_view term, int32_t field,
                                          const std::vector<PostingList>& lists) const {
  if (all_count_ && field < 0) {
    int64_t sum = 0;
    for (const PostingList& list : lists) sum += list.df();
    return sum;
  }
  std::string key(term);
  key += static_cast<char>(field + 1);
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(key); at != known_.end()) return at->second;
  }
  std::vector<std::vector<PostingList>> by_part;
  for (const PostingList& list : lists) by_part.push_back({list});
  const int64_t frequency = UnionFrequency(field, by_part);
  const std::lock_guard lock(mutex_);
  if (known_.size() >= 1 << 20) known_.clear();  // some 80 MB
  known_.emplace(std::move(key), frequency);
  return frequency;
}

int64_t ViewStatistics::UnionFrequency(int32_t field, const std::vector<std::vector<PostingList>>& lists) const {
  int64_t sum = 0;
  std::vector<uint64_t> bits(kWindowWords);
  for (size_t part = 0; part < lists.size(); ++part) {
    std::vector<ListCursor> cursors;
    for (const PostingList& list : lists[part]) cursors.push_back(ListCursor::Of(list));
    for (uint32_t index = 0; index < NumWindows(reader(part)) && !cursors.empty(); ++index) {
      const size_t words = (WindowRecords(reader(part), index) + 63) / 64;
      std::fill_n(bits.begin(), words, uint64_t{0});
      for (ListCursor& cursor : cursors) {
        if (cursor.At(index)) MarkRecords(reader(part), cursor.window, field, bits.data());
      }
      const uint64_t* counted = Counted(part, index);
      for (size_t i = 0; i < words; ++i) sum += std::popcount(counted == nullptr ? bits[i] : bits[i] & counted[i]);
    }
  }
  return sum;
}

}  // namespace atelier
