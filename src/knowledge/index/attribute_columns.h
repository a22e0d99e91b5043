// The attributes of a segment's records, by column: for each key the distinct values in order, and for each value the
// records that have it. A comparison is a range of values, so a range of records: nothing is scanned.
//
// Values are ordered: false, true, numbers by value (integers exactly, up to 64 bits), texts by their bytes.
//
// Bytes of the section (byte_codec.h):
//   columns   u32 number of columns, u32 number of records; for each column, by key: text key, u64 offset, u64 size
//   column    u32 bools, u32 numbers, u32 texts, u32 entries, u32 blocks, u32 frequent values
//             u8   truths     [bools]                0 or 1
//             f64  nearest    [numbers]              the nearest double ...
//             i32  rest       [numbers]              ... and what is missing to the value
//             strings         [texts]                (packed_strings.h)
//             u32  starts     [values + 1]           of each value's entries
//             u32  records    [entries]              by value, then by number
//             u64  blocks     [blocks][words]        which records the entries of one kth of `records` name
//             u32  frequent   [frequent]             values that more than one record in 32 has ...
//             u64  bitmaps    [frequent][words]      ... and which these are
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bitmap.h"
#include "base/result.h"
#include "base/text/json.h"
#include "knowledge/index/filter.h"
#include "knowledge/index/packed_strings.h"

namespace atelier {

// One value of an attribute.
struct AttributeValue {
  enum class Type : uint8_t { kBool, kNumber, kText };
  Type type = Type::kText;
  bool truth = false;
  double nearest = 0;
  int32_t rest = 0;
  std::string_view text;

  // Of a string, a number or a boolean; views `json`.
  static AttributeValue Of(const Json& json);
  // Numbers as they are written shortest.
  Json ToJson() const;
  // Of the same type alone.
  bool operator<(const AttributeValue& other) const;
};

// What attributes may be: an object of strings, numbers, booleans and arrays of these; no key that begins with '$'.
Result<void> CheckAttributes(const Json& attributes);

struct FacetCount {
  Json value;
  int64_t count = 0;  // records
};

class AttributeColumn {
 public:
  // Check reader.ok() afterwards.
  AttributeColumn(std::span<const std::byte> bytes, uint32_t num_records, bool& ok);

  uint32_t num_values() const { return num_bools_ + num_numbers_ + texts_.size(); }
  AttributeValue Value(uint32_t index) const;
  // Records that have the value.
  std::span<const uint32_t> RecordsOf(uint32_t value) const { return Entries(value, value + 1); }
  // Adds the records that pass a comparison (kEq, kLt, kLte, kGt, kGte, kIn, kGlob) to `out`.
  void AddMatches(Filter::Op op, const std::vector<Json>& values, Bitmap& out) const;
  // Adds the records with a value that passes all of these comparisons, each one of kLt, kLte, kGt, kGte.
  void AddBetween(const std::vector<const Filter*>& bounds, Bitmap& out) const;
  // Whether no record has two values.   COST: reads every entry.
  bool HasOneValueEach() const;
  // How many records of the set have each value that any of them has.
  template <class Visit>
  void ForEachCount(const Bitmap& records, Visit visit) const {
    for (uint32_t i = 0; i < num_values(); ++i) {
      int64_t count = 0;
      for (const uint32_t record : RecordsOf(i)) count += record < records.size() && records.Has(record) ? 1 : 0;
      if (count > 0) visit(Value(i), count);
    }
  }

 private:
  struct Range {
    uint32_t begin = 0, end = 0;  // values
  };
  std::span<const uint32_t> Entries(uint32_t begin, uint32_t end) const;
  // Values of the same type as `value`.
  Range TypeRange(AttributeValue::Type type) const;
  uint32_t LowerBound(const AttributeValue& value) const;
  Range Matches(Filter::Op op, const AttributeValue& value) const;
  void AddGlob(std::string_view pattern, Bitmap& out) const;
  void Add(Range range, Bitmap& out) const;

  uint32_t num_records_ = 0, num_bools_ = 0, num_numbers_ = 0, num_blocks_ = 0;
  std::span<const uint8_t> truths_;
  std::span<const double> nearest_;
  std::span<const int32_t> rest_;
  PackedStrings texts_;
  std::span<const uint32_t> starts_, records_, frequent_;
  std::span<const uint64_t> blocks_, bitmaps_;
};

class AttributeColumns {
 public:
  AttributeColumns() = default;
  // Errors: kCorrupt. What the arrays say is checked at use.
  static Result<AttributeColumns> Open(std::span<const std::byte> bytes);

  uint32_t num_records() const { return num_records_; }
  const std::map<std::string, AttributeColumn, std::less<>>& columns() const { return columns_; }
  const AttributeColumn* Find(std::string_view key) const {
    const auto found = columns_.find(key);
    return found == columns_.end() ? nullptr : &found->second;
  }

 private:
  uint32_t num_records_ = 0;
  std::map<std::string, AttributeColumn, std::less<>> columns_;
};

class AttributeColumnsBuilder {
 public:
  explicit AttributeColumnsBuilder(uint32_t num_records) : num_records_(num_records) {}
  // REQUIRES: records of one key in order; the attributes pass CheckAttributes.
  void Add(uint32_t record, const Json& attributes);
  void Add(std::string_view key, const AttributeValue& value, uint32_t record);
  std::string Finish() const;

 private:
  struct Column {
    std::unordered_map<std::string, uint32_t> codes;     // of each value, in order of arrival
    std::vector<const std::string*> values;              // the keys of `codes`
    std::vector<std::pair<uint32_t, uint32_t>> entries;  // value, record
  };
  static std::string WriteColumn(const Column& column, uint32_t num_records);

  uint32_t num_records_;
  std::map<std::string, Column, std::less<>> columns_;
};

}  // namespace atelier
