// A segment: records that were written together, immutable, with everything that finds them. Its records are numbered
// in the order they were put. Which of them are still alive is not its business (index_view.h).
//
// Sections (segment_file.h):
//   ids         strings: the ids, by number; u32 by_id[n]: the numbers in order of id; u64 fingerprints[n]
//   stored      strings: for each record the attributes as JSON, then varint number of texts, and for each
//               varint field, text
//   payloads    strings
//   attributes  attribute_columns.h
//   text        text/text_segment.h; none where no record has a text
//   vectors     vector/vector_segment.h; none where no record has a vector
//
// Thread-safe.
#pragma once

#include <array>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/result.h"
#include "knowledge/index/attribute_columns.h"
#include "knowledge/index/filter.h"
#include "knowledge/index/index_record.h"
#include "knowledge/index/packed_strings.h"
#include "knowledge/index/segment_file.h"
#include "knowledge/index/text/text_segment.h"
#include "knowledge/index/vector/vector_segment.h"

namespace atelier {

class Segment {
 public:
  // Checks the structure of every section; checksums are SegmentFile::Verify's. Errors: kCorrupt.
  static Result<std::shared_ptr<const Segment>> Open(SegmentFile file, const IndexSchema& schema);

  const SegmentFile& file() const { return file_; }
  uint32_t num_records() const { return ids_.size(); }
  std::string_view IdOf(uint32_t record) const { return ids_[record]; }
  std::optional<uint32_t> Find(std::string_view id) const;
  // The first place in order of id whose id is above `id`.
  uint32_t UpperBound(std::string_view id) const;
  // The record at a place in order of id.
  uint32_t ByIdAt(uint32_t place) const { return std::min(by_id_[place], num_records() - 1); }
  // Two records with the same id and fingerprint are the same but for their vectors.
  uint64_t Fingerprint(uint32_t record) const { return fingerprints_[record]; }

  std::string_view Payload(uint32_t record) const { return payloads_[record]; }
  Result<Json> Attributes(uint32_t record) const;
  Result<std::vector<FieldText>> Texts(uint32_t record) const;
  std::optional<std::vector<float>> Vector(uint32_t record) const;
  // The stored bytes, for another segment.
  std::string_view Stored(uint32_t record) const { return stored_[record]; }

  const AttributeColumns& columns() const { return columns_; }
  const TextSegment* text() const { return text_ ? &*text_ : nullptr; }
  const VectorSegment* vectors() const { return vectors_ ? &*vectors_ : nullptr; }

  // The records that pass.   REQUIRES: CheckFilter passes.
  Bitmap Evaluate(const Filter& filter) const;
  // The same, kept for the next time. `key` is FilterKey(filter).
  std::shared_ptr<const Bitmap> EvaluateCached(const Filter& filter, const std::string& key) const;

 private:
  explicit Segment(SegmentFile file) : file_(std::move(file)) {}
  Result<void> OpenRecords();
  Bitmap EvaluateAnd(const std::vector<Filter>& parts) const;
  bool HasOneValueEach(const AttributeColumn& column) const;
  void AddMatches(const Filter& filter, Bitmap& out) const;
  void AddIdMatches(const Filter& filter, Bitmap& out) const;
  uint32_t LowerBound(std::string_view id) const;

  static constexpr size_t kMaxCached = 16;  // bitmaps; principals that ask at the same time
  struct Cached {
    std::string key;
    std::shared_ptr<const Bitmap> bitmap;
  };

  SegmentFile file_;
  std::vector<std::string> fields_;
  PackedStrings ids_, stored_, payloads_;
  std::span<const uint32_t> by_id_;
  std::span<const uint64_t> fingerprints_;
  AttributeColumns columns_;
  std::optional<TextSegment> text_;
  std::optional<VectorSegment> vectors_;
  mutable std::mutex cache_mutex_;
  mutable std::list<Cached> cache_;                           // the last used first
  mutable std::map<const AttributeColumn*, bool> one_value_;  // of those that were asked
};

// A segment that is not opened yet.
struct NewSegment {
  uint32_t num_records = 0;
  std::vector<NewSection> sections;
};

// Of records in the order they are put; no id twice.   REQUIRES: CheckRecord passes for each.
Result<NewSegment> BuildSegment(std::span<const IndexRecord* const> records, const IndexSchema& schema);

// The records of `segment` that stay: null for all.
struct MergeInput {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const Bitmap> live;
};
// Their records one after the other.
Result<NewSegment> MergeSegments(std::span<const MergeInput> inputs, const IndexSchema& schema);

// What of a record can be wrong: the id (1 to 1,024 bytes), fields that the schema has not, attributes, the vector.
// `where` of errors is the id.
Result<void> CheckRecord(const IndexRecord& record, const IndexSchema& schema);
uint64_t FingerprintOf(const IndexRecord& record);

}  // namespace atelier
