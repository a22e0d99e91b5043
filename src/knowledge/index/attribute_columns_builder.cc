// Writes what attribute_columns.h reads.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "knowledge/index/attribute_columns.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

// From this many entries on a wide range is put together from blocks.
constexpr size_t kMinBlockEntries = 4096;
constexpr uint32_t kNumBlocks = 32;
// A value is frequent where a bitmap is smaller than its list.
constexpr uint32_t kFrequentShare = 32;

// A key for the table of values; the first byte is the type.
std::string Encoded(const AttributeValue& value) {
  std::string bytes(1, static_cast<char>(value.type));
  if (value.type == AttributeValue::Type::kBool) {
    bytes += value.truth ? '\1' : '\0';
  } else if (value.type == AttributeValue::Type::kNumber) {
    bytes.append(reinterpret_cast<const char*>(&value.nearest), sizeof(value.nearest));
    bytes.append(reinterpret_cast<const char*>(&value.rest), sizeof(value.rest));
  } else {
    bytes += value.text;
  }
  return bytes;
}

AttributeValue Decoded(std::string_view bytes) {
  AttributeValue value{.type = static_cast<AttributeValue::Type>(bytes[0]), .text = {}};
  bytes.remove_prefix(1);
  if (value.type == AttributeValue::Type::kBool) {
    value.truth = bytes[0] != '\0';
  } else if (value.type == AttributeValue::Type::kNumber) {
    std::memcpy(&value.nearest, bytes.data(), sizeof(value.nearest));
    std::memcpy(&value.rest, bytes.data() + sizeof(value.nearest), sizeof(value.rest));
  } else {
    value.text = bytes;
  }
  return value;
}

Bitmap BitmapOf(std::span<const uint32_t> records, uint32_t num_records) {
  Bitmap bitmap(num_records);
  for (const uint32_t record : records) bitmap.Add(record);
  return bitmap;
}

void WriteValues(const std::vector<AttributeValue>& values, PackedWriter& out) {
  std::vector<uint8_t> truths;
  std::vector<double> nearest;
  std::vector<int32_t> rest;
  PackedStringsBuilder texts;
  for (const AttributeValue& value : values) {
    if (value.type == AttributeValue::Type::kBool) {
      truths.push_back(value.truth ? 1 : 0);
    } else if (value.type == AttributeValue::Type::kNumber) {
      nearest.push_back(value.nearest);
      rest.push_back(value.rest);
    } else {
      texts.Add(value.text);
    }
  }
  out.Array(truths);
  out.Array(nearest);
  out.Array(rest);
  texts.Write(out);
}

struct Postings {
  std::vector<uint32_t> starts, records;
};

void WriteBitmaps(const Postings& postings, uint32_t num_blocks, const std::vector<uint32_t>& frequent,
                  uint32_t num_records, PackedWriter& out) {
  const std::span<const uint32_t> records(postings.records);
  const size_t block_size = num_blocks == 0 ? 1 : (records.size() + num_blocks - 1) / num_blocks;
  out.Align();
  for (size_t i = 0; i < num_blocks; ++i) {
    const size_t begin = std::min(i * block_size, records.size());
    out.Array(BitmapOf(records.subspan(begin, std::min(block_size, records.size() - begin)), num_records).words());
  }
  out.Array(frequent);
  for (const uint32_t value : frequent) {
    const size_t begin = postings.starts[value];
    out.Array(BitmapOf(records.subspan(begin, postings.starts[value + 1] - begin), num_records).words());
  }
}

}  // namespace

void AttributeColumnsBuilder::Add(std::string_view key, const AttributeValue& value, uint32_t record) {
  auto found = columns_.find(key);
  if (found == columns_.end()) found = columns_.emplace(std::string(key), Column()).first;
  Column& column = found->second;
  const auto [at, is_new] = column.codes.try_emplace(Encoded(value), static_cast<uint32_t>(column.values.size()));
  if (is_new) column.values.push_back(&at->first);
  column.entries.emplace_back(at->second, record);
}

void AttributeColumnsBuilder::Add(uint32_t record, const Json& attributes) {
  if (!attributes.is_object()) return;
  for (const JsonMember& member : attributes.members()) {
    if (!member.value.is_array()) {
      Add(member.key, AttributeValue::Of(member.value), record);
      continue;
    }
    for (const Json& item : member.value.items()) Add(member.key, AttributeValue::Of(item), record);
  }
}

std::string AttributeColumnsBuilder::WriteColumn(const Column& column, uint32_t num_records) {
  const size_t num_values = column.values.size();
  std::vector<AttributeValue> arrived(num_values);
  for (size_t i = 0; i < num_values; ++i) arrived[i] = Decoded(*column.values[i]);
  std::vector<uint32_t> order(num_values), rank(num_values);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&arrived](uint32_t a, uint32_t b) {
    return arrived[a].type != arrived[b].type ? arrived[a].type < arrived[b].type : arrived[a] < arrived[b];
  });
  std::vector<AttributeValue> values(num_values);
  for (uint32_t i = 0; i < num_values; ++i) rank[order[i]] = i, values[i] = arrived[order[i]];

  // By value; within one records stay in order, and one that a list names twice stands once.
  Postings postings{.starts = std::vector<uint32_t>(num_values + 1), .records = {}};
  std::vector<std::vector<uint32_t>> lists(num_values);
  for (const auto& [value, record] : column.entries) {
    std::vector<uint32_t>& list = lists[rank[value]];
    if (list.empty() || list.back() != record) list.push_back(record);
  }
  std::vector<uint32_t> frequent;
  for (uint32_t i = 0; i < num_values; ++i) {
    postings.records.insert(postings.records.end(), lists[i].begin(), lists[i].end());
    postings.starts[i + 1] = static_cast<uint32_t>(postings.records.size());
    if (lists[i].size() >= 64 && lists[i].size() > num_records / kFrequentShare) frequent.push_back(i);
  }
  const uint32_t num_blocks = postings.records.size() < kMinBlockEntries ? 0 : kNumBlocks;

  PackedWriter out;
  const auto count = [&values](AttributeValue::Type type) {
    return static_cast<uint32_t>(
        std::count_if(values.begin(), values.end(), [type](const AttributeValue& v) { return v.type == type; }));
  };
  out.Fixed(count(AttributeValue::Type::kBool));
  out.Fixed(count(AttributeValue::Type::kNumber));
  out.Fixed(count(AttributeValue::Type::kText));
  out.Fixed(static_cast<uint32_t>(postings.records.size()));
  out.Fixed(num_blocks);
  out.Fixed(static_cast<uint32_t>(frequent.size()));
  WriteValues(values, out);
  out.Array(postings.starts);
  out.Array(postings.records);
  WriteBitmaps(postings, num_blocks, frequent, num_records, out);
  out.Align();
  return out.Take();
}

std::string AttributeColumnsBuilder::Finish() const {
  std::vector<std::string> columns;
  for (const auto& [key, column] : columns_) columns.push_back(WriteColumn(column, num_records_));
  // Written twice: the first time tells where the columns begin.
  PackedWriter list;
  uint64_t begin = 0;
  for (int pass = 0; pass < 2; ++pass) {
    list = {};
    list.Fixed(static_cast<uint32_t>(columns_.size()));
    list.Fixed(num_records_);
    uint64_t offset = begin;
    size_t i = 0;
    for (const auto& [key, column] : columns_) {
      list.Text(key);
      list.Fixed<uint64_t>(offset);
      list.Fixed<uint64_t>(columns[i].size());
      offset += columns[i++].size();
    }
    begin = (list.size() + 7) / 8 * 8;
  }
  list.Align();
  for (const std::string& column : columns) list.Raw(column);
  return list.Take();
}

}  // namespace atelier
