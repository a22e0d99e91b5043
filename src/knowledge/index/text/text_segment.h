// Immutable segments of an inverted index: made at once, merged without reading the texts again, read in place.
//
// The records of a segment are numbered from 0 in the order they were added. A builder is cheap (a few kB, tens of
// microseconds for one record): an index makes a small segment of each commit and merges segments in tiers. Merging
// neighbours keeps the order of records, which is the order of hits that score the same.
//
// A segment is bytes; docs/text_index.md tells them and the ideas. In short, all little endian:
//   header    "ATXTSEG1", number of records, of fields, of shapes, of terms, boosts, and for each section its offset,
//             size and checksum; then the header's own checksum
//   lengths   [field][record], 1, 2 or 4 bytes each: places in the field
//   shapes    distinct tuples of frequencies, one a field: [shape][field] u32, the most frequent first. A posting holds
//             the number of its shape: mostly 0, which takes no bits.
//   dictionary terms in blocks of 16, front-coded, with the sizes of their postings; the first eight bytes of each
//   block's
//             first term stand in one array for binary search
//   postings  for each term blocks of 128: record differences, shapes and positions, each packed in as many bits as
//             the block needs. Positions count from 0 in each field; those of the first field come first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/result.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {

// The fields of an index and what a word in each is worth. Fixed: every segment of an index has the same.
struct TextSchema {
  struct Field {
    std::string name;
    double boost = 1;  // above 0
    bool operator==(const Field&) const = default;
  };
  std::vector<Field> fields = {{"body", 1}};  // 1 to 16
  bool operator==(const TextSchema&) const = default;
};

class TextSegmentBuilder {
 public:
  struct Text {
    uint32_t field = 0;  // index in the schema
    std::string_view text;
  };
  // REQUIRES: `analyzer` outlives the builder; the schema has 1 to 16 fields with boosts above 0.
  TextSegmentBuilder(const Analyzer& analyzer, TextSchema schema);
  ~TextSegmentBuilder();

  // The next record. Texts of one field are joined, with a place between that no phrase crosses. Of none, or without a
  // word: the record is in no statistics.   REQUIRES: fields below the schema's.
  void Add(std::span<const Text> texts);

  uint32_t num_records() const;
  size_t memory_bytes() const;  // about; flush well before 4 GB (num_terms_seen reaches 2^31)

  // The segment. The builder is empty again after.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class TextSegment {
 public:
  // Looks at every checksum and every number that it will follow.   REQUIRES: `bytes` outlive the segment.
  // Errors: kCorrupt.
  static Result<TextSegment> Open(std::span<const std::byte> bytes);
  TextSegment(TextSegment&&) noexcept;
  TextSegment& operator=(TextSegment&&) noexcept;
  ~TextSegment();

  uint32_t num_records() const;
  uint32_t num_terms() const;
  uint32_t num_fields() const;
  // What the boosts were when it was made.
  std::span<const double> boosts() const;
  // Places in the field.
  uint32_t Length(uint32_t field, uint32_t record) const;
  // True if the record has words.
  bool HasText(uint32_t record) const;

  struct Reader;  // the inside (segment_reader.h)
  const Reader& reader() const { return *reader_; }

 private:
  explicit TextSegment(std::unique_ptr<Reader> reader);
  std::unique_ptr<Reader> reader_;
};

// What of a segment is to be kept: null for all of it.
struct TextMergeInput {
  const TextSegment* segment = nullptr;
  const Bitmap* keep = nullptr;  // of num_records() records
};

// The segment that a builder would have made of the kept records, in order of inputs and records, byte for byte.
// Errors: kInvalid where fields or boosts differ.   COST: about 20 ns a posting.
Result<std::string> MergeTextSegments(std::span<const TextMergeInput> inputs);

}  // namespace atelier
