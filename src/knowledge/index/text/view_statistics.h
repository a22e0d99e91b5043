// What a TextView knows of the records that count: how many, how long, how many have a term.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "knowledge/index/text/postings.h"
#include "knowledge/index/text/segment_reader.h"
#include "knowledge/index/text/text_view.h"

namespace atelier {

// Walks a list window by window.
struct ListCursor {
  PostingList list;
  PostingWindow window;
  bool more = false;
  float scale = 1;  // of its frequencies

  static ListCursor Of(PostingList list, float scale = 1);
  // True if there is a window of this index; indexes asked for ascend.
  bool At(uint32_t index);
};

// Records of window `index` in a segment.
inline uint32_t WindowRecords(const TextSegment::Reader& reader, uint32_t index) {
  const uint32_t left = reader.num_records - index * kWindowRecords;
  return left < kWindowRecords ? left : kWindowRecords;
}
inline uint32_t NumWindows(const TextSegment::Reader& reader) {
  return (reader.num_records + kWindowRecords - 1) / kWindowRecords;
}

// Sets a bit for each record of the window that has the term (in the field; -1: in any). `bits`: [1024].
void MarkRecords(const TextSegment::Reader& reader, const PostingWindow& window, int32_t field, uint64_t* bits);

class ViewStatistics {
 public:
  ViewStatistics(std::vector<TextPart> parts, TextRanking ranking);

  const std::vector<TextPart>& parts() const { return parts_; }
  const TextSegment::Reader& reader(size_t part) const { return parts_[part].segment->reader(); }
  // The bits of what counts from window `index` on; null: all.
  const uint64_t* Counted(size_t part, uint32_t index) const;

  int64_t num_counted() const { return num_counted_; }
  // Of a term with the part's lists; records where the field (-1: any) has it.
  int64_t DocumentFrequency(std::string_view term, int32_t field, const std::vector<PostingList>& lists) const;
  // Of several terms taken as one: [part][term].
  int64_t UnionFrequency(int32_t field, const std::vector<std::vector<PostingList>>& lists) const;
  // (k1 + 1) * idf.
  double Weight(int64_t document_frequency) const;
  // norm(length) = base + slope * length.
  float base() const { return base_; }
  float slope() const { return slope_; }

 private:
  std::vector<TextPart> parts_;
  TextRanking ranking_;
  int64_t num_counted_ = 0;
  float base_ = 0, slope_ = 0;
  bool all_count_ = true;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, int64_t> known_;  // by field and term
};

}  // namespace atelier
