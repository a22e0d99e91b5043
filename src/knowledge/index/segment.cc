#include "knowledge/index/segment.h"

#include <algorithm>
#include <utility>

#include "base/text/glob.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

using Op = Filter::Op;

// Whether the operation is the opposite of another, which it is computed from.
bool IsOpposite(Op op) { return op == Op::kNe || op == Op::kNin || op == Op::kNot; }

bool IsOrder(const Filter& filter) {
  return filter.op == Op::kLt || filter.op == Op::kLte || filter.op == Op::kGt || filter.op == Op::kGte;
}

}  // namespace

Result<std::shared_ptr<const Segment>> Segment::Open(SegmentFile file, const IndexSchema& schema) {
  const std::shared_ptr<Segment> segment(new Segment(std::move(file)));
  for (const FieldOptions& field : schema.fields) segment->fields_.push_back(field.name);
  TRY_VOID(segment->OpenRecords());
  const SegmentFile& opened = segment->file_;
  const uint32_t num_records = segment->num_records();
  const auto corrupt = [&opened](Error error) { return std::move(error).Under(opened.name()); };

  auto columns = AttributeColumns::Open(opened.Section(SectionKind::kAttributes));
  if (!columns.ok()) return corrupt(std::move(columns).error());
  segment->columns_ = *std::move(columns);
  bool same_size = segment->columns_.num_records() == num_records;
  if (const auto bytes = opened.Section(SectionKind::kText); !bytes.empty()) {
    auto text = TextSegment::Open(bytes);
    if (!text.ok()) return corrupt(std::move(text).error());
    same_size = same_size && text->num_records() == num_records && text->num_fields() == schema.fields.size();
    segment->text_.emplace(*std::move(text));
  }
  if (const auto bytes = opened.Section(SectionKind::kVectors); !bytes.empty()) {
    auto vectors = VectorSegment::Open(bytes);
    if (!vectors.ok()) return corrupt(std::move(vectors).error());
    same_size = same_size && vectors->num_records() == num_records && vectors->space() == SpaceOf(schema);
    segment->vectors_.emplace(*std::move(vectors));
  }
  if (!same_size) return Error::Corrupt(opened.name(), "its sections do not belong together");
  return std::shared_ptr<const Segment>(segment);
}

Result<void> Segment::OpenRecords() {
  const uint32_t num_records = file_.num_records();
  PackedReader ids(file_.Section(SectionKind::kIds));
  ids_ = PackedStrings(ids);
  by_id_ = ids.Array<uint32_t>(num_records);
  fingerprints_ = ids.Array<uint64_t>(num_records);
  PackedReader stored(file_.Section(SectionKind::kStored)), payloads(file_.Section(SectionKind::kPayloads));
  stored_ = PackedStrings(stored);
  payloads_ = PackedStrings(payloads);
  const bool whole = ids.ok() && stored.ok() && payloads.ok() && num_records > 0 && ids_.size() == num_records &&
                     stored_.size() == num_records && payloads_.size() == num_records;
  if (!whole) return Error::Corrupt(file_.name(), "its tables of records do not lie within the file");
  return {};
}

uint32_t Segment::LowerBound(std::string_view id) const {
  uint32_t low = 0, high = num_records();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (IdOf(ByIdAt(middle)) < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::optional<uint32_t> Segment::Find(std::string_view id) const {
  const uint32_t place = LowerBound(id);
  if (place == num_records() || IdOf(ByIdAt(place)) != id) return std::nullopt;
  return ByIdAt(place);
}

uint32_t Segment::UpperBound(std::string_view id) const {
  const uint32_t place = LowerBound(id);
  return place < num_records() && IdOf(ByIdAt(place)) == id ? place + 1 : place;
}

Result<Json> Segment::Attributes(uint32_t record) const {
  PackedReader reader(std::as_bytes(std::span(Stored(record))));
  auto json = Json::Parse(reader.Text());
  if (json.ok()) return json;
  return Error::Corrupt(file_.name(), "the stored attributes of a record are no JSON");
}

Result<std::vector<FieldText>> Segment::Texts(uint32_t record) const {
  PackedReader reader(std::as_bytes(std::span(Stored(record))));
  reader.Text();
  std::vector<FieldText> texts;
  const uint64_t count = reader.Varint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t field = reader.Varint();
    const std::string_view text = reader.Text();
    if (!reader.ok() || field >= fields_.size()) break;
    texts.push_back({fields_[static_cast<size_t>(field)], std::string(text)});
  }
  if (texts.size() != count) return Error::Corrupt(file_.name(), "the stored texts of a record are cut off");
  return texts;
}

std::optional<std::vector<float>> Segment::Vector(uint32_t record) const {
  return vectors_ ? vectors_->VectorOf(record) : std::nullopt;
}

Bitmap Segment::Evaluate(const Filter& filter) const {
  if (filter.op == Op::kAll) return Bitmap(num_records(), true);
  if (filter.op == Op::kAnd) return EvaluateAnd(filter.parts);
  Bitmap result(num_records());
  AddMatches(filter, result);
  if (IsOpposite(filter.op)) result.Flip();
  return result;
}

// Comparisons that bound one attribute from both sides are one range of its values, where no record has several: else
// one value might pass the first and another the second.
Bitmap Segment::EvaluateAnd(const std::vector<Filter>& parts) const {
  Bitmap result;
  std::vector<bool> is_done(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    if (is_done[i]) continue;
    const AttributeColumn* column = IsOrder(parts[i]) ? columns_.Find(parts[i].key) : nullptr;
    std::vector<const Filter*> bounds;
    for (size_t k = i; column != nullptr && k < parts.size(); ++k) {
      if (IsOrder(parts[k]) && parts[k].key == parts[i].key) bounds.push_back(&parts[k]);
    }
    Bitmap part;
    if (bounds.size() > 1 && HasOneValueEach(*column)) {
      part = Bitmap(num_records());
      column->AddBetween(bounds, part);
      for (size_t k = i; k < parts.size(); ++k)
        is_done[k] = is_done[k] || (IsOrder(parts[k]) && parts[k].key == parts[i].key);
    } else {
      part = Evaluate(parts[i]);
    }
    if (result.size() == 0) {
      result = std::move(part);
    } else {
      result &= part;
    }
  }
  return parts.empty() ? Bitmap(num_records(), true) : result;
}

bool Segment::HasOneValueEach(const AttributeColumn& column) const {
  const std::lock_guard lock(cache_mutex_);
  const auto [known, is_new] = one_value_.try_emplace(&column, false);
  if (is_new) known->second = column.HasOneValueEach();
  return known->second;
}

// For the opposites: adds what passes the other operation.
void Segment::AddMatches(const Filter& filter, Bitmap& out) const {
  if (filter.op == Op::kOr || filter.op == Op::kNot) {
    for (const Filter& part : filter.parts) {
      if (IsOpposite(part.op) || part.op == Op::kAnd || part.op == Op::kAll)
        out |= Evaluate(part);
      else
        AddMatches(part, out);
    }
    return;
  }
  if (filter.key == "$id") return AddIdMatches(filter, out);
  const AttributeColumn* column = columns_.Find(filter.key);
  if (column == nullptr) return;
  const Op op = filter.op == Op::kNe ? Op::kEq : filter.op == Op::kNin ? Op::kIn : filter.op;
  column->AddMatches(op, filter.values, out);
}

void Segment::AddIdMatches(const Filter& filter, Bitmap& out) const {
  for (const Json& value : filter.values) {
    if (!value.is_string()) continue;
    const std::string& text = value.AsString();
    uint32_t begin = 0, end = num_records();
    const std::string prefix = filter.op == Op::kGlob ? GlobPrefix(text) : std::string();
    switch (filter.op) {
      case Op::kLt: end = LowerBound(text); break;
      case Op::kLte: end = UpperBound(text); break;
      case Op::kGt: begin = UpperBound(text); break;
      case Op::kGte: begin = LowerBound(text); break;
      case Op::kGlob: begin = LowerBound(prefix); break;
      default: begin = LowerBound(text), end = UpperBound(text);
    }
    for (uint32_t place = begin; place < end; ++place) {
      const uint32_t record = ByIdAt(place);
      if (filter.op == Op::kGlob) {
        if (!IdOf(record).starts_with(prefix)) break;
        if (!GlobMatches(text, IdOf(record))) continue;
      }
      out.Add(record);
    }
  }
}

std::shared_ptr<const Bitmap> Segment::EvaluateCached(const Filter& filter, const std::string& key) const {
  {
    const std::lock_guard lock(cache_mutex_);
    const auto found = std::find_if(cache_.begin(), cache_.end(), [&key](const Cached& c) { return c.key == key; });
    if (found != cache_.end()) {
      cache_.splice(cache_.begin(), cache_, found);
      return found->bitmap;
    }
  }
  auto bitmap = std::make_shared<const Bitmap>(Evaluate(filter));
  const std::lock_guard lock(cache_mutex_);
  cache_.push_front({key, bitmap});
  if (cache_.size() > kMaxCached) cache_.pop_back();
  return bitmap;
}

}  // namespace atelier
