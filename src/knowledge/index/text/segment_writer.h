// Lays out a segment from what a builder or a merge has gathered.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/index/text/term_dictionary.h"

namespace atelier {

// Gives distinct tuples of frequencies numbers, counts their postings, and then orders them.
class ShapeTable {
 public:
  explicit ShapeTable(uint32_t num_fields) : num_fields_(num_fields), small_(num_fields * kSmall, kNone) {}

  // The number of a tuple [fields], in order of first sight.
  uint32_t Number(std::span<const uint32_t> frequencies);
  // Of a tuple with one field only.
  uint32_t NumberOf(uint32_t field, uint32_t frequency) {
    const uint32_t known = frequency < kSmall ? small_[field * kSmall + frequency] : kNone;
    if (known != kNone) return known;
    std::vector<uint32_t> tuple(num_fields_);
    tuple[field] = frequency;
    return Number(tuple);
  }
  void Count(uint32_t number, uint64_t postings = 1) { counts_[number] += postings; }
  // By postings, most first, then by tuple; those without any are left out. Ends the counting.
  void Order();
  // After Order: of a number, its place; tuples and sums by place.
  uint32_t Place(uint32_t number) const { return places_[number]; }
  std::span<const uint32_t> tuples() const { return ordered_; }
  std::span<const uint32_t> positions_of_place() const { return sums_; }
  uint32_t num_places() const { return static_cast<uint32_t>(sums_.size()); }

 private:
  static constexpr uint32_t kSmall = 64, kNone = UINT32_MAX;
  uint32_t num_fields_;
  std::vector<uint32_t> small_;  // [field][frequency]: numbers of tuples with one field only
  std::map<std::vector<uint32_t>, uint32_t> numbers_;
  std::vector<std::vector<uint32_t>> tuples_;
  std::vector<uint64_t> counts_;
  std::vector<uint32_t> places_, ordered_, sums_;
};

// REQUIRES: shapes are ordered; terms come in order. [fields][records] lengths.
class SegmentWriter {
 public:
  SegmentWriter(std::vector<double> boosts, std::vector<std::vector<uint32_t>> lengths, const ShapeTable& shapes);

  // `shapes` are places. Ascending records.
  void AddTerm(std::string_view term, std::span<const uint32_t> records, std::span<const uint32_t> shapes,
               std::span<const uint32_t> positions);
  std::string Finish();

 private:
  std::vector<double> boosts_;
  std::vector<std::vector<uint32_t>> lengths_;
  const ShapeTable& shapes_;
  uint32_t num_records_;
  TermDictionaryWriter dictionary_;
  std::string postings_;
};

}  // namespace atelier
