#include "knowledge/index/attribute_columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/text/glob.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

using Op = Filter::Op;
using Type = AttributeValue::Type;

AttributeValue NumberValue(const Json& json) {
  AttributeValue value{.type = Type::kNumber, .text = {}};
  long double exact = json.AsDouble();
  if (const auto whole = json.AsInt64())
    exact = static_cast<long double>(*whole);
  else if (const auto natural = json.AsUint64())
    exact = static_cast<long double>(*natural);
  value.nearest = static_cast<double>(exact);
  if (std::isfinite(value.nearest)) value.rest = static_cast<int32_t>(exact - static_cast<long double>(value.nearest));
  value.nearest += 0.0;  // minus zero is zero
  return value;
}

}  // namespace

AttributeValue AttributeValue::Of(const Json& json) {
  if (json.is_number()) return NumberValue(json);
  if (json.is_bool()) return {.type = Type::kBool, .truth = json.AsBool(), .text = {}};
  return {.type = Type::kText, .text = json.AsString()};
}

Json AttributeValue::ToJson() const {
  if (type == Type::kBool) return truth;
  if (type == Type::kText) return text;
  const long double exact = static_cast<long double>(nearest) + rest;
  if (exact == std::floor(exact) && std::fabs(exact) < 0x1p63L) return static_cast<int64_t>(exact);
  if (exact == std::floor(exact) && exact > 0 && exact < 0x1p64L) return static_cast<uint64_t>(exact);
  return nearest;
}

bool AttributeValue::operator<(const AttributeValue& other) const {
  if (type == Type::kBool) return truth < other.truth;
  if (type == Type::kText) return text < other.text;
  return nearest != other.nearest ? nearest < other.nearest : rest < other.rest;
}

Result<void> CheckAttributes(const Json& attributes) {
  if (attributes.is_null()) return {};
  if (!attributes.is_object()) {
    return Error::Invalid("attributes", "got " + std::string(attributes.TypeName()) + ", want an object");
  }
  const auto scalar = [](const Json& value) { return value.is_string() || value.is_number() || value.is_bool(); };
  for (const JsonMember& member : attributes.members()) {
    if (member.key.empty() || member.key[0] == '$') {
      return Error::Invalid("attributes", "got the key '" + member.key + "', want one that does not begin with '$'");
    }
    const bool fits = member.value.is_array()
                          ? std::all_of(member.value.items().begin(), member.value.items().end(), scalar)
                          : scalar(member.value);
    if (fits) continue;
    return Error::Invalid("attributes." + member.key, "got " + std::string(member.value.TypeName()) +
                                                          ", want a string, a number, a boolean or an array of these");
  }
  return {};
}

AttributeColumn::AttributeColumn(std::span<const std::byte> bytes, uint32_t num_records, bool& ok)
    : num_records_(num_records) {
  PackedReader reader(bytes);
  num_bools_ = reader.Fixed<uint32_t>();
  num_numbers_ = reader.Fixed<uint32_t>();
  const auto num_texts = reader.Fixed<uint32_t>();
  const auto num_entries = reader.Fixed<uint32_t>();
  num_blocks_ = reader.Fixed<uint32_t>();
  const auto num_frequent = reader.Fixed<uint32_t>();
  const uint64_t num_words = (uint64_t{num_records} + 63) / 64;
  truths_ = reader.Array<uint8_t>(num_bools_);
  nearest_ = reader.Array<double>(num_numbers_);
  rest_ = reader.Array<int32_t>(num_numbers_);
  texts_ = PackedStrings(reader);
  starts_ = reader.Array<uint32_t>(uint64_t{num_bools_} + num_numbers_ + num_texts + 1);
  records_ = reader.Array<uint32_t>(num_entries);
  blocks_ = reader.Array<uint64_t>(num_blocks_ * num_words);
  frequent_ = reader.Array<uint32_t>(num_frequent);
  bitmaps_ = reader.Array<uint64_t>(num_frequent * num_words);
  ok = reader.ok() && texts_.size() == num_texts;
}

AttributeValue AttributeColumn::Value(uint32_t index) const {
  if (index < num_bools_) return {.type = Type::kBool, .truth = truths_[index] != 0, .text = {}};
  index -= num_bools_;
  if (index < num_numbers_) {
    return {.type = Type::kNumber, .nearest = nearest_[index], .rest = rest_[index], .text = {}};
  }
  return {.type = Type::kText, .text = texts_[index - num_numbers_]};
}

std::span<const uint32_t> AttributeColumn::Entries(uint32_t begin, uint32_t end) const {
  const size_t last = std::min<size_t>(starts_[end], records_.size());
  const size_t first = std::min<size_t>(starts_[begin], last);
  return records_.subspan(first, last - first);
}

AttributeColumn::Range AttributeColumn::TypeRange(Type type) const {
  if (type == Type::kBool) return {0, num_bools_};
  if (type == Type::kNumber) return {num_bools_, num_bools_ + num_numbers_};
  return {num_bools_ + num_numbers_, num_values()};
}

uint32_t AttributeColumn::LowerBound(const AttributeValue& value) const {
  Range range = TypeRange(value.type);
  while (range.begin < range.end) {
    const uint32_t middle = range.begin + (range.end - range.begin) / 2;
    if (Value(middle) < value)
      range.begin = middle + 1;
    else
      range.end = middle;
  }
  return range.begin;
}

AttributeColumn::Range AttributeColumn::Matches(Op op, const AttributeValue& value) const {
  const Range all = TypeRange(value.type);
  const bool is_order = op == Op::kLt || op == Op::kLte || op == Op::kGt || op == Op::kGte;
  if (is_order && value.type == Type::kBool) return {};
  const uint32_t begin = LowerBound(value);
  const bool has = begin < all.end && !(value < Value(begin));
  const uint32_t end = begin + (has ? 1 : 0);
  switch (op) {
    case Op::kLt: return {all.begin, begin};
    case Op::kLte: return {all.begin, end};
    case Op::kGt: return {end, all.end};
    case Op::kGte: return {begin, all.end};
    default: return {begin, end};
  }
}

void AttributeColumn::AddMatches(Op op, const std::vector<Json>& values, Bitmap& out) const {
  for (const Json& value : values) {
    if (op == Op::kGlob)
      AddGlob(value.AsString(), out);
    else
      Add(Matches(op, AttributeValue::Of(value)), out);
  }
}

void AttributeColumn::AddGlob(std::string_view pattern, Bitmap& out) const {
  const std::string prefix = GlobPrefix(pattern);
  const uint32_t first_text = num_bools_ + num_numbers_;
  for (uint32_t i = texts_.LowerBound(prefix); i < texts_.size() && texts_[i].starts_with(prefix); ++i) {
    if (GlobMatches(pattern, texts_[i])) Add({first_text + i, first_text + i + 1}, out);
  }
}

void AttributeColumn::AddBetween(const std::vector<const Filter*>& bounds, Bitmap& out) const {
  Range range{0, num_values()};
  for (const Filter* bound : bounds) {
    const Range one = Matches(bound->op, AttributeValue::Of(bound->values[0]));
    range.begin = std::max(range.begin, one.begin), range.end = std::min(range.end, one.end);
  }
  Add(range, out);
}

bool AttributeColumn::HasOneValueEach() const {
  if (records_.size() > num_records_) return false;
  Bitmap seen(num_records_);
  for (const uint32_t record : records_) {
    if (record >= num_records_ || seen.Has(record)) return false;
    seen.Add(record);
  }
  return true;
}

void AttributeColumn::Add(Range range, Bitmap& out) const {
  if (range.begin >= range.end) return;
  const size_t num_words = out.words().size();
  if (range.end - range.begin == 1) {
    const auto found = std::lower_bound(frequent_.begin(), frequent_.end(), range.begin);
    if (found != frequent_.end() && *found == range.begin) {
      out.OrWords(bitmaps_.subspan(static_cast<size_t>(found - frequent_.begin()) * num_words, num_words));
      return;
    }
  }
  const auto add = [this, &out](std::span<const uint32_t> records) {
    for (const uint32_t record : records) {
      if (record < num_records_) out.Add(record);
    }
  };
  const std::span<const uint32_t> entries = Entries(range.begin, range.end);
  const size_t begin = static_cast<size_t>(entries.data() - records_.data());
  const size_t end = begin + entries.size();
  const size_t block_size = num_blocks_ == 0 ? 0 : (records_.size() + num_blocks_ - 1) / num_blocks_;
  const size_t first = block_size == 0 ? 0 : (begin + block_size - 1) / block_size;
  const size_t last = block_size == 0 ? 0 : end / block_size;
  if (first >= last) return add(entries);
  add(records_.subspan(begin, first * block_size - begin));
  for (size_t block = first; block < last; ++block) out.OrWords(blocks_.subspan(block * num_words, num_words));
  add(records_.subspan(last * block_size, end - last * block_size));
}

Result<AttributeColumns> AttributeColumns::Open(std::span<const std::byte> bytes) {
  AttributeColumns result;
  PackedReader reader(bytes);
  const auto num_columns = reader.Fixed<uint32_t>();
  result.num_records_ = reader.Fixed<uint32_t>();
  for (uint32_t i = 0; i < num_columns && reader.ok(); ++i) {
    std::string key(reader.Text());
    const auto offset = reader.Fixed<uint64_t>();
    const auto size = reader.Fixed<uint64_t>();
    if (!reader.ok() || offset % 8 != 0 || offset > bytes.size() || size > bytes.size() - offset) {
      return Error::Corrupt("attributes", "column '" + key + "' does not lie within the section");
    }
    bool ok = false;
    AttributeColumn column(bytes.subspan(static_cast<size_t>(offset), static_cast<size_t>(size)), result.num_records_,
                           ok);
    if (!ok) return Error::Corrupt("attributes." + key, "its arrays do not lie within the column");
    result.columns_.emplace(std::move(key), std::move(column));
  }
  if (!reader.ok()) return Error::Corrupt("attributes", "the list of columns is cut off");
  return result;
}

}  // namespace atelier
