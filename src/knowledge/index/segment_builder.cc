// Makes segments: of records, and of other segments.
#include <algorithm>
#include <numeric>
#include <utility>

#include "base/io/sha256.h"
#include "knowledge/index/analyzer_pool.h"
#include "knowledge/index/byte_codec.h"
#include "knowledge/index/segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"

namespace atelier {
namespace {

constexpr size_t kMaxIdBytes = 1024;
constexpr uint32_t kGone = VectorSegmentBuilder::kNotKept;

// The tables of records.
class RecordTables {
 public:
  void Add(std::string id, uint64_t fingerprint, std::string_view stored, std::string_view payload) {
    stored_.Add(stored);
    payloads_.Add(payload);
    fingerprints_.push_back(fingerprint);
    ids_.push_back(std::move(id));
  }
  uint32_t size() const { return static_cast<uint32_t>(ids_.size()); }

  void Finish(NewSegment& out) const {
    std::vector<uint32_t> by_id(ids_.size());
    std::iota(by_id.begin(), by_id.end(), 0U);
    std::sort(by_id.begin(), by_id.end(), [this](uint32_t a, uint32_t b) { return ids_[a] < ids_[b]; });
    PackedStringsBuilder table;
    for (const std::string& id : ids_) table.Add(id);
    PackedWriter ids, stored, payloads;
    table.Write(ids);
    ids.Array(by_id);
    ids.Array(fingerprints_);
    stored_.Write(stored);
    payloads_.Write(payloads);
    out.num_records = size();
    out.sections.push_back({SectionKind::kIds, ids.Take()});
    out.sections.push_back({SectionKind::kStored, stored.Take()});
    out.sections.push_back({SectionKind::kPayloads, payloads.Take()});
  }

 private:
  std::vector<std::string> ids_;
  std::vector<uint64_t> fingerprints_;
  PackedStringsBuilder stored_, payloads_;
};

std::string StoredBytes(const IndexRecord& record, const IndexSchema& schema) {
  PackedWriter out;
  out.Text(record.attributes.is_null() ? "{}" : record.attributes.Dump());
  out.Varint(record.texts.size());
  for (const FieldText& text : record.texts) {
    out.Varint(static_cast<uint64_t>(FieldIndex(schema, text.field)));
    out.Text(text.text);
  }
  return out.Take();
}

// A builder wants dimensions also where the index has no vectors and none is added.
VectorSpace BuilderSpace(const IndexSchema& schema) {
  VectorSpace space = SpaceOf(schema);
  space.dimensions = std::max(space.dimensions, 1);
  return space;
}

void AddVectors(const VectorSegmentBuilder& builder, NewSegment& out) {
  if (builder.num_vectors() == 0) return;
  const std::vector<std::byte> bytes = builder.Build(out.num_records);
  out.sections.push_back({SectionKind::kVectors, std::string(AsText(bytes))});
}

// Where the records of the inputs go, one input after the other.
std::vector<std::vector<uint32_t>> NewNumbers(std::span<const MergeInput> inputs) {
  std::vector<std::vector<uint32_t>> numbers;
  uint32_t next = 0;
  for (const MergeInput& input : inputs) {
    std::vector<uint32_t>& mine = numbers.emplace_back(input.segment->num_records(), kGone);
    for (uint32_t i = 0; i < mine.size(); ++i) {
      if (input.live == nullptr || input.live->Has(i)) mine[i] = next++;
    }
  }
  return numbers;
}

void MergeColumns(const Segment& segment, std::span<const uint32_t> numbers, AttributeColumnsBuilder& out) {
  for (const auto& [key, column] : segment.columns().columns()) {
    for (uint32_t i = 0; i < column.num_values(); ++i) {
      const AttributeValue value = column.Value(i);
      for (const uint32_t record : column.RecordsOf(i)) {
        if (record < numbers.size() && numbers[record] != kGone) out.Add(key, value, numbers[record]);
      }
    }
  }
}

Result<void> MergeTexts(std::span<const MergeInput> inputs, const IndexSchema& schema, NewSegment& out) {
  const bool any =
      std::any_of(inputs.begin(), inputs.end(), [](const MergeInput& i) { return i.segment->text() != nullptr; });
  if (!any) return {};
  // A segment without texts still has records, which must be counted.
  TRY(const BorrowedAnalyzer analyzer, BorrowAnalyzer(schema.language));
  std::vector<std::string> blank_bytes(inputs.size());
  std::vector<TextSegment> blanks;
  blanks.reserve(inputs.size());
  std::vector<TextMergeInput> texts;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TextSegment* text = inputs[i].segment->text();
    if (text == nullptr) {
      TextSegmentBuilder builder(*analyzer, TextSchemaOf(schema));
      for (uint32_t record = 0; record < inputs[i].segment->num_records(); ++record) builder.Add({});
      blank_bytes[i] = builder.Finish();
      TRY(TextSegment blank, TextSegment::Open(std::as_bytes(std::span(blank_bytes[i]))));
      text = &blanks.emplace_back(std::move(blank));
    }
    texts.push_back({text, inputs[i].live.get()});
  }
  TRY(std::string merged, MergeTextSegments(texts));
  out.sections.push_back({SectionKind::kText, std::move(merged)});
  return {};
}

}  // namespace

Result<void> CheckRecord(const IndexRecord& record, const IndexSchema& schema) {
  if (record.id.empty() || record.id.size() > kMaxIdBytes) {
    return Error::Invalid(
        "id", "got " + std::to_string(record.id.size()) + " bytes, want 1 to " + std::to_string(kMaxIdBytes));
  }
  const auto check = [&]() -> Result<void> {
    for (const FieldText& text : record.texts) {
      if (FieldIndex(schema, text.field) >= 0) continue;
      return Error::Invalid("texts", "got the field '" + text.field + "', which the index has not");
    }
    TRY_VOID(CheckAttributes(record.attributes));
    if (record.vector.empty()) return {};
    if (schema.dimensions == 0) {
      return Error::Invalid(
          "vector", "got " + std::to_string(record.vector.size()) + " numbers, want none: the index has no embedder");
    }
    return SpaceOf(schema).Check(record.vector);
  };
  auto checked = check();
  if (!checked.ok()) return std::move(checked).error().Under("record " + record.id);
  return {};
}

uint64_t FingerprintOf(const IndexRecord& record) {
  PackedWriter content;
  content.Text(record.attributes.Dump({.sort_keys = true}));
  content.Varint(record.texts.size());
  for (const FieldText& text : record.texts) content.Text(text.field), content.Text(text.text);
  content.Raw(record.payload);
  const std::string hex = Sha256Hex(content.bytes()).substr(0, 16);
  return std::stoull(hex, nullptr, 16);
}

Result<NewSegment> BuildSegment(std::span<const IndexRecord* const> records, const IndexSchema& schema) {
  NewSegment out;
  TRY(const BorrowedAnalyzer analyzer, BorrowAnalyzer(schema.language));
  RecordTables tables;
  AttributeColumnsBuilder columns(static_cast<uint32_t>(records.size()));
  TextSegmentBuilder texts(*analyzer, TextSchemaOf(schema));
  VectorSegmentBuilder vectors(BuilderSpace(schema));
  bool has_text = false;
  for (const IndexRecord* record : records) {
    const uint32_t number = tables.size();
    tables.Add(record->id, FingerprintOf(*record), StoredBytes(*record, schema), record->payload);
    columns.Add(number, record->attributes);
    std::vector<TextSegmentBuilder::Text> fields;
    for (const FieldText& text : record->texts) {
      fields.push_back({static_cast<uint32_t>(FieldIndex(schema, text.field)), text.text});
    }
    texts.Add(fields);
    has_text = has_text || !fields.empty();
    if (!record->vector.empty()) TRY_VOID(vectors.Add(number, record->vector));
  }
  tables.Finish(out);
  out.sections.push_back({SectionKind::kAttributes, columns.Finish()});
  if (has_text) out.sections.push_back({SectionKind::kText, texts.Finish()});
  AddVectors(vectors, out);
  return out;
}

Result<NewSegment> MergeSegments(std::span<const MergeInput> inputs, const IndexSchema& schema) {
  NewSegment out;
  const std::vector<std::vector<uint32_t>> numbers = NewNumbers(inputs);
  RecordTables tables;
  VectorSegmentBuilder vectors(BuilderSpace(schema));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Segment& segment = *inputs[i].segment;
    for (uint32_t record = 0; record < segment.num_records(); ++record) {
      if (numbers[i][record] == kGone) continue;
      tables.Add(std::string(segment.IdOf(record)), segment.Fingerprint(record), segment.Stored(record),
                 segment.Payload(record));
    }
    if (segment.vectors() != nullptr) vectors.AddSegment(*segment.vectors(), numbers[i]);
  }
  AttributeColumnsBuilder columns(tables.size());
  for (size_t i = 0; i < inputs.size(); ++i) MergeColumns(*inputs[i].segment, numbers[i], columns);
  if (tables.size() == 0) return out;
  tables.Finish(out);
  out.sections.push_back({SectionKind::kAttributes, columns.Finish()});
  TRY_VOID(MergeTexts(inputs, schema, out));
  AddVectors(vectors, out);
  return out;
}

}  // namespace atelier
