#include "knowledge/index/segmented_index.h"

#include <algorithm>
#include <utility>

#include "base/text/base64.h"
#include "base/text/utf8.h"
#include "knowledge/index/analyzer_pool.h"
#include "knowledge/index/part_edit.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTopK = 1 << 20;
// From here on closing the index flushes, so that opening it reads no long log.
constexpr int64_t kFlushAtCloseBytes = 1 << 20;

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

Result<std::unique_ptr<HybridIndex>> HybridIndex::Open(Files& files, const std::string& folder, IndexSchema schema,
                                                       IndexOptions options) {
  return SegmentedIndex::Open(files, folder, &schema, options);
}

Result<std::unique_ptr<HybridIndex>> HybridIndex::OpenExisting(Files& files, const std::string& folder,
                                                               IndexOptions options) {
  return SegmentedIndex::Open(files, folder, nullptr, options);
}

SegmentedIndex::SegmentedIndex(Files& files, std::string folder, IndexOptions options, std::shared_ptr<const void> lock,
                               IndexManifest manifest)
    : files_(files),
      folder_(std::move(folder)),
      options_(options),
      schema_(manifest.schema),
      lock_(std::move(lock)),
      manifest_(std::move(manifest)),
      log_(files_, folder_, manifest_.identity, manifest_.first_log),
      view_(std::make_shared<const IndexView>(std::vector<IndexPart>(), schema_)) {}

SegmentedIndex::~SegmentedIndex() {
  UpkeepWorker::Shared().Forget(*this);
  const std::lock_guard lock(upkeep_mutex_);
  // The log has all of it too.
  if (log_bytes_ >= kFlushAtCloseBytes) static_cast<void>(FlushLocked().ok());
}

std::shared_ptr<const IndexView> SegmentedIndex::View() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void SegmentedIndex::Publish(std::vector<IndexPart> parts) {
  auto view = std::make_shared<const IndexView>(std::move(parts), schema_);
  const std::lock_guard lock(view_mutex_);
  view_.swap(view);
}

Result<IndexPart> SegmentedIndex::OpenInMemory(NewSegment segment) const {
  TRY(auto opened, Segment::Open(SegmentFile::InMemory(segment.num_records, std::move(segment.sections)), schema_));
  return WholePart(std::move(opened), 0);
}

Result<IndexHits> SegmentedIndex::Search(const IndexQuery& query) const {
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
  return View()->Search(query);
}

Result<std::optional<IndexRecord>> SegmentedIndex::Get(std::string_view id, const Filter& visible) const {
  TRY_VOID(CheckFilter(visible));
  const auto view = View();
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

Result<std::optional<Json>> SegmentedIndex::GetAttributes(std::string_view id, const Filter& visible) const {
  TRY_VOID(CheckFilter(visible));
  const auto view = View();
  const auto place = view->Find(id, visible);
  if (!place) return std::optional<Json>();
  TRY(Json attributes, view->SegmentOf(*place).Attributes(place->record));
  return std::optional<Json>(std::move(attributes));
}

Result<std::optional<PayloadView>> SegmentedIndex::ViewPayload(std::string_view id, int64_t begin, int64_t end,
                                                               const Filter& visible) const {
  TRY_VOID(CheckFilter(visible));
  const auto view = View();
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

Result<std::optional<std::string>> SegmentedIndex::GetPayload(std::string_view id, int64_t begin, int64_t end,
                                                              const Filter& visible) const {
  TRY(const std::optional<PayloadView> payload, ViewPayload(id, begin, end, visible));
  if (!payload) return std::optional<std::string>();
  return std::optional<std::string>(payload->bytes);
}

Result<std::optional<std::vector<float>>> SegmentedIndex::GetVector(std::string_view id) const {
  const auto view = View();
  const auto place = view->Find(id, Filter());
  if (!place) return std::optional<std::vector<float>>();
  return view->SegmentOf(*place).Vector(place->record);
}

Result<std::vector<std::string>> SegmentedIndex::List(const Filter& filter, const Filter& visible,
                                                      std::string_view after, int32_t limit) const {
  TRY_VOID(CheckFilter(filter));
  TRY_VOID(CheckFilter(visible));
  return View()->List(filter, visible, after, limit);
}

Result<int64_t> SegmentedIndex::Count(const Filter& filter, const Filter& visible) const {
  TRY_VOID(CheckFilter(filter));
  TRY_VOID(CheckFilter(visible));
  return View()->Count(filter, visible);
}

Result<std::vector<IndexSuggestion>> SegmentedIndex::Suggest(std::string_view typed, const Filter& visible,
                                                             int32_t limit) const {
  TRY_VOID(CheckFilter(visible));
  return View()->Suggest(typed, visible, limit);
}

Result<void> SegmentedIndex::Export(const std::function<Result<void>(const Json& record)>& visit) const {
  const auto view = View();
  return view->ForEach([&](IndexView::Place place) -> Result<void> {
    const Segment& segment = view->SegmentOf(place);
    TRY(Json attributes, segment.Attributes(place.record));
    TRY(const std::vector<FieldText> texts, segment.Texts(place.record));
    return visit(RecordJson(segment, place.record, std::move(attributes), texts));
  });
}

Result<std::vector<RecordFingerprint>> SegmentedIndex::Fingerprints() const {
  std::vector<RecordFingerprint> fingerprints;
  const auto view = View();
  TRY_VOID(view->ForEach([&](IndexView::Place place) -> Result<void> {
    const Segment& segment = view->SegmentOf(place);
    fingerprints.push_back({std::string(segment.IdOf(place.record)), segment.Fingerprint(place.record)});
    return {};
  }));
  return fingerprints;
}

Result<IndexStats> SegmentedIndex::Stats() const {
  IndexStats stats;
  const auto view = View();
  for (const IndexPart& part : view->parts()) {
    stats.num_records += part.num_live;
    stats.num_deleted += part.segment->num_records() - part.num_live;
    const int64_t bytes = part.segment->file().size_bytes();
    (part.file_number == 0 ? stats.memory_bytes : stats.segment_bytes) += bytes;
    ++(part.file_number == 0 ? stats.num_memory_segments : stats.num_segments);
  }
  stats.log_bytes = log_bytes_;
  stats.num_problems = num_problems_;
  return stats;
}

}  // namespace atelier
