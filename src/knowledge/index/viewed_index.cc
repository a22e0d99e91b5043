#include "knowledge/index/viewed_index.h"

#include <algorithm>
#include <utility>

#include "base/text/base64.h"
#include "base/text/utf8.h"
#include "knowledge/index/byte_codec.h"
#include "knowledge/index/part_edit.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTopK = 1 << 20;

Json RecordJson(const Segment& segment, uint32_t record, Json attributes, const std::vector<FieldText>& texts) {
  Json json = Json::Object({{"id", segment.IdOf(record)}});
  Json fields = Json::Array();
  for (const FieldText& text : texts) fields.Push(Json::Object({{"field", text.field}, {"text", text.text}}));
  json.Set("texts", std::move(fields));
  json.Set("attributes", std::move(attributes));
  const std::string_view payload = segment.Payload(record);
  if (IsValidUtf8(payload))
    json.Set("payload", payload);
  else
    json.Set("payload_base64", Base64Encode(payload));
  if (const auto vector = segment.Vector(record)) {
    Json numbers = Json::Array();
    for (const float number : *vector) numbers.Push(static_cast<double>(number));
    json.Set("vector", std::move(numbers));
  }
  return json;
}

}  // namespace

std::shared_ptr<const Bitmap> LiveOf(uint32_t num_records, const std::vector<uint32_t>& deleted) {
  if (deleted.empty()) return nullptr;
  auto live = std::make_shared<Bitmap>(num_records, true);
  for (const uint32_t record : deleted) live->Remove(record);
  return live;
}

Result<IndexHits> ViewedIndex::Search(const IndexQuery& query) const {
  const auto check = [](const Filter& filter, std::string_view where) -> Result<void> {
    auto checked = CheckFilter(filter);
    if (!checked.ok()) return std::move(checked).error().Under(where);
    return {};
  };
  TRY_VOID(check(query.filter, "filter"));
  TRY_VOID(check(query.visible, "visible"));
  if (query.top_k < 0 || query.top_k > kMaxTopK) {
    return Error::Invalid("top_k", "got " + std::to_string(query.top_k) + ", want 0 to " + std::to_string(kMaxTopK));
  }
  if (query.max_facet_values < 0) return Error::Invalid("max_facet_values", "got a number below 0");
  if (!query.vector.empty()) {
    if (schema_.dimensions == 0) return Error::Invalid("vector", "got one, but the index has no vectors");
    TRY_VOID(SpaceOf(schema_).Check(query.vector));
  }
  TRY(const auto view, View());
  return view->Search(query);
}

Result<std::optional<IndexRecord>> ViewedIndex::Get(std::string_view id, const Filter& visible) const {
  TRY_VOID(CheckFilter(visible));
  TRY(const auto view, View());
  const auto place = view->Find(id, visible);
  if (!place) return std::optional<IndexRecord>();
  const Segment& segment = view->SegmentOf(*place);
  IndexRecord record;
  record.id = id;
  TRY(record.texts, segment.Texts(place->record));
  TRY(record.attributes, segment.Attributes(place->record));
  record.payload = segment.Payload(place->record);
  return std::optional<IndexRecord>(std::move(record));
}

Result<std::optional<Json>> ViewedIndex::GetAttributes(std::string_view id, const Filter& visible) const {
  TRY_VOID(CheckFilter(visible));
  TRY(const auto view, View());
  const auto place = view->Find(id, visible);
  if (!place) return std::optional<Json>();
  TRY(Json attributes, view->SegmentOf(*place).Attributes(place->record));
  return std::optional<Json>(std::move(attributes));
}

Result<std::optional<PayloadView>> ViewedIndex::ViewPayload(std::string_view id, int64_t begin, int64_t end,
                                                            const Filter& visible) const {
  TRY_VOID(CheckFilter(visible));
  TRY(const auto view, View());
  const auto place = view->Find(id, visible);
  if (!place) return std::optional<PayloadView>();
  const auto& segment = view->parts()[place->part].segment;
  const std::string_view payload = segment->Payload(place->record);
  const auto size = static_cast<int64_t>(payload.size());
  const int64_t first = std::clamp<int64_t>(begin, 0, size);
  const int64_t last = std::clamp<int64_t>(end, first, size);
  return std::optional<PayloadView>(
      {payload.substr(static_cast<size_t>(first), static_cast<size_t>(last - first)), segment});
}

Result<std::optional<std::string>> ViewedIndex::GetPayload(std::string_view id, int64_t begin, int64_t end,
                                                           const Filter& visible) const {
  TRY(const std::optional<PayloadView> payload, ViewPayload(id, begin, end, visible));
  if (!payload) return std::optional<std::string>();
  return std::optional<std::string>(payload->bytes);
}

Result<std::optional<std::vector<float>>> ViewedIndex::GetVector(std::string_view id) const {
  TRY(const auto view, View());
  const auto place = view->Find(id, Filter());
  if (!place) return std::optional<std::vector<float>>();
  return view->SegmentOf(*place).Vector(place->record);
}

Result<std::vector<std::string>> ViewedIndex::List(const Filter& filter, const Filter& visible, std::string_view after,
                                                   int32_t limit) const {
  TRY_VOID(CheckFilter(filter));
  TRY_VOID(CheckFilter(visible));
  TRY(const auto view, View());
  return view->List(filter, visible, after, limit);
}

Result<int64_t> ViewedIndex::Count(const Filter& filter, const Filter& visible) const {
  TRY_VOID(CheckFilter(filter));
  TRY_VOID(CheckFilter(visible));
  TRY(const auto view, View());
  return view->Count(filter, visible);
}

Result<std::vector<IndexSuggestion>> ViewedIndex::Suggest(std::string_view typed, const Filter& visible,
                                                          int32_t limit) const {
  TRY_VOID(CheckFilter(visible));
  TRY(const auto view, View());
  return view->Suggest(typed, visible, limit);
}

Result<void> ViewedIndex::Export(const std::function<Result<void>(const Json& record)>& visit) const {
  TRY(const auto view, View());
  return view->ForEach([&](IndexView::Place place) -> Result<void> {
    const Segment& segment = view->SegmentOf(place);
    TRY(Json attributes, segment.Attributes(place.record));
    TRY(const std::vector<FieldText> texts, segment.Texts(place.record));
    return visit(RecordJson(segment, place.record, std::move(attributes), texts));
  });
}

Result<std::vector<RecordFingerprint>> ViewedIndex::Fingerprints() const {
  std::vector<RecordFingerprint> fingerprints;
  TRY(const auto view, View());
  TRY_VOID(view->ForEach([&](IndexView::Place place) -> Result<void> {
    const Segment& segment = view->SegmentOf(place);
    fingerprints.push_back({std::string(segment.IdOf(place.record)), segment.Fingerprint(place.record)});
    return {};
  }));
  return fingerprints;
}

Result<IndexPart> ViewedIndex::OpenInMemory(NewSegment segment) const {
  TRY(auto opened, Segment::Open(SegmentFile::InMemory(segment.num_records, std::move(segment.sections)), schema_));
  return WholePart(std::move(opened), 0);
}

Result<IndexPart> ViewedIndex::OpenSegment(const ManifestSegment& entry, bool verify) const {
  const std::string name = SegmentFileName(entry.number);
  TRY(FileBytes bytes, files_.Map(Path(name)));
  TRY(SegmentFile file, SegmentFile::Read(name, std::move(bytes)));
  if (file.num_records() != entry.num_records) {
    return Error::Corrupt(
        name, "got " + std::to_string(file.num_records()) + " records, want " + std::to_string(entry.num_records));
  }
  if (verify) TRY_VOID(file.Verify());
  IndexPart part;
  TRY(part.segment, Segment::Open(std::move(file), schema_));
  part.live = LiveOf(entry.num_records, entry.deleted);
  part.num_live = entry.num_records - static_cast<uint32_t>(entry.deleted.size());
  part.file_number = entry.number;
  return part;
}

Result<std::vector<IndexPart>> ViewedIndex::PutOnTop(std::vector<IndexPart> parts, const LogContent& content) const {
  PartEdit edit(std::move(parts));
  for (const auto& [id, place] : content.ids()) edit.Kill(id);
  if (const std::vector<const IndexRecord*> living = content.Living(); !living.empty()) {
    TRY(NewSegment segment, BuildSegment(living, schema_));
    TRY(IndexPart part, OpenInMemory(std::move(segment)));
    edit.Add(std::move(part));
  }
  return std::move(edit).Take();
}

// The ids are those of the records that lived, and have not been put again since.
IndexProblem ViewedIndex::DescribeProblem(const ManifestProblem& problem, const IndexView& view) const {
  IndexProblem described{.file = problem.file, .what = problem.what, .ids = {}};
  if (problem.num_records == 0 || problem.file.empty()) return described;
  auto bytes = files_.Map(Path(problem.file));
  if (!bytes.ok()) return described;
  const auto file = SegmentFile::Read(problem.file, *std::move(bytes));
  if (!file.ok() || !file->Verify(SectionKind::kIds).ok()) return described;
  PackedReader reader(file->Section(SectionKind::kIds));
  const PackedStrings ids(reader);
  for (uint32_t record = 0; record < std::min(ids.size(), problem.num_records); ++record) {
    const bool was_deleted = std::binary_search(problem.deleted.begin(), problem.deleted.end(), record);
    if (!was_deleted && !view.Find(ids[record], Filter())) described.ids.emplace_back(ids[record]);
  }
  return described;
}

IndexStats ViewedIndex::StatsOf(const IndexView& view) {
  IndexStats stats;
  for (const IndexPart& part : view.parts()) {
    stats.num_records += part.num_live;
    stats.num_deleted += part.segment->num_records() - part.num_live;
    const int64_t bytes = part.segment->file().size_bytes();
    (part.file_number == 0 ? stats.memory_bytes : stats.segment_bytes) += bytes;
    ++(part.file_number == 0 ? stats.num_memory_segments : stats.num_segments);
    if (const TextSegment* text = part.segment->text()) stats.num_terms += text->num_terms();
    if (const VectorSegment* vectors = part.segment->vectors()) stats.num_vectors += vectors->num_vectors();
    for (const uint32_t record : DeletedOf(part)) stats.num_vectors -= part.segment->Vector(record) ? 1 : 0;
  }
  return stats;
}

}  // namespace atelier
