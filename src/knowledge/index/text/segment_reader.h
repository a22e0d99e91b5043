// The inside of a TextSegment: what searches and merges read.
#pragma once

#include <span>
#include <vector>

#include "knowledge/index/text/postings.h"
#include "knowledge/index/text/term_dictionary.h"
#include "knowledge/index/text/text_segment.h"

namespace atelier {

struct TextSegment::Reader {
  uint32_t num_records = 0, num_fields = 0, num_shapes = 0;
  std::vector<double> boosts;
  std::vector<const uint8_t*> lengths;  // [field]: of each record, length_bytes[field] each
  std::vector<uint8_t> length_bytes;
  std::span<const uint32_t> shapes;  // [shape][field]
  TermDictionary dictionary;

  // Made at Open.
  std::vector<uint32_t> positions_of_shape;         // sums over fields
  std::vector<std::vector<float>> shape_frequency;  // [field, and last all fields together][shape], boosted
  std::vector<float> weighted_lengths;              // [record], boosted, and 16 more that are read past the end
  std::vector<uint64_t> total_lengths;              // [field]
  uint32_t num_with_text = 0;

  uint32_t Length(uint32_t field, uint32_t record) const;
  PostingList Find(std::string_view term) const { return PostingList(dictionary.Find(term), num_records); }
  std::span<const float> Frequencies(int32_t field) const {
    return shape_frequency[field < 0 ? num_fields : static_cast<size_t>(field)];
  }
  uint32_t ShapeTerm(uint32_t shape, uint32_t field) const { return shapes[size_t{shape} * num_fields + field]; }
};

}  // namespace atelier
