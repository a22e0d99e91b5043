#include "agent/memory/memory_store.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "base/io/sha256.h"
#include "base/text/json.h"

namespace atelier {
namespace {

constexpr std::string_view kKind = "@kind", kTurn = "turn", kWindow = "window", kSession = "session";
constexpr int32_t kAll = std::numeric_limits<int32_t>::max();
constexpr size_t kSessionDigits = 16, kPlaceDigits = 8;
constexpr size_t kTurnIdBytes = 2 + kSessionDigits + 1 + kPlaceDigits;
constexpr int32_t kMaxSpeakers = 100;
// A speaker's name is in half of what was said between two, so it tells little; but it tells something.
constexpr double kSpeakerBoost = 0.5;

IndexSchema SchemaOf(const MemoryStoreOptions& options) {
  IndexSchema schema;
  schema.fields = {{"body", 1}, {"speaker", kSpeakerBoost}};
  schema.language = options.language;
  schema.embedder = options.embedder, schema.dimensions = options.dimensions;
  return schema;
}

// All that is in `scope` and, unless it is empty, of that kind.
Filter Within(const MemoryScope& scope, std::string_view kind) {
  std::vector<Filter> parts;
  const auto want = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) parts.push_back(Filter::Compare(Filter::Op::kEq, std::string(key), Json(value)));
  };
  want(kKind, kind), want("user", scope.user), want("agent", scope.agent), want("session", scope.session);
  return parts.empty() ? Filter() : Filter::And(std::move(parts));
}

std::string SessionDigits(const MemoryScope& scope) {
  const std::string key = Json::Array({scope.user, scope.agent, scope.session}).Dump();
  return Sha256Hex(key).substr(0, kSessionDigits);
}

std::string TurnId(std::string_view session_digits, int64_t place) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%08lld", static_cast<long long>(place));
  return "t/" + std::string(session_digits) + "/" + digits;
}

std::string WindowId(std::string_view turn_id) { return "w" + std::string(turn_id.substr(1)); }

bool IsTurnId(std::string_view id) { return id.size() == kTurnIdBytes && id.starts_with("t/"); }

Json ScopeAttributes(const MemoryScope& scope, std::string_view kind) {
  return Json::Object({{kKind, kind}, {"user", scope.user}, {"agent", scope.agent}, {"session", scope.session}});
}

IndexRecord TurnRecord(const MemoryTurn& turn) {
  IndexRecord record;
  record.id = turn.id;
  record.texts.push_back({"body", turn.text});
  if (!turn.speaker.empty()) record.texts.push_back({"speaker", turn.speaker});
  record.attributes = ScopeAttributes(turn.scope, kTurn);
  record.attributes.Set("said_ms", turn.said_ms);
  if (!turn.speaker.empty()) record.attributes.Set("speaker", turn.speaker);
  record.payload = Json::Object({{"user", turn.scope.user},
                                 {"agent", turn.scope.agent},
                                 {"session", turn.scope.session},
                                 {"speaker", turn.speaker},
                                 {"text", turn.text},
                                 {"said_ms", turn.said_ms},
                                 {"reference", turn.reference}})
                       .Dump();
  return record;
}

Result<MemoryTurn> ReadTurn(const IndexRecord& record) {
  TRY(const Json payload, Json::Parse(record.payload));
  const auto text = [&](const char* key) { return payload[key].is_string() ? payload[key].AsString() : std::string(); };
  MemoryTurn turn;
  turn.id = record.id;
  turn.scope = {.user = text("user"), .agent = text("agent"), .session = text("session")};
  turn.speaker = text("speaker"), turn.text = text("text"), turn.reference = text("reference");
  if (payload["said_ms"].is_number()) turn.said_ms = payload["said_ms"].AsInt64().value_or(0);
  return turn;
}

Result<void> CheckName(std::string where, const std::string& name) {
  if (name.size() <= kMaxNameBytes) return {};
  return Error::Invalid(std::move(where),
                        "got " + std::to_string(name.size()) + " bytes, want at most " + std::to_string(kMaxNameBytes));
}

Result<void> CheckTurn(const MemoryTurn& turn) {
  TRY_VOID(CheckName("speaker", turn.speaker));
  TRY_VOID(CheckName("reference", turn.reference));
  if (!turn.text.empty() && turn.text.size() <= kMaxTurnBytes) return {};
  return Error::Invalid(
      "text", "got " + std::to_string(turn.text.size()) + " bytes, want 1 to " + std::to_string(kMaxTurnBytes));
}

Result<void> CheckScope(const MemoryScope& scope) {
  TRY_VOID(CheckName("user", scope.user));
  TRY_VOID(CheckName("agent", scope.agent));
  return CheckName("session", scope.session);
}

// Of what people ask, words alone: quotes, stars and signs mean something to the index.
std::string WordsOf(std::string_view text) {
  std::string words(text);
  for (char& c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) == 0 && c != '\'') c = ' ';
  }
  return words;
}

std::string WindowText(std::span<const MemoryTurn> turns) {
  std::string text;
  for (const MemoryTurn& turn : turns) text += (text.empty() ? "" : "\n") + SpokenText(turn);
  return text;
}

}  // namespace

int64_t PlaceOf(std::string_view turn_id) {
  CHECK_MSG(IsTurnId(turn_id), std::string(turn_id));
  int64_t place = 0;
  const std::string_view digits = turn_id.substr(kTurnIdBytes - kPlaceDigits);
  std::from_chars(digits.data(), digits.data() + digits.size(), place);
  return place;
}

std::string TurnIdAt(std::string_view turn_id, int64_t place) {
  return TurnId(turn_id.substr(2, kSessionDigits), place);
}

Result<std::unique_ptr<MemoryStore>> MemoryStore::Open(Files& files, const std::string& folder,
                                                       MemoryStoreOptions options) {
  TRY(std::unique_ptr<HybridIndex> index, HybridIndex::Open(files, folder, SchemaOf(options)));
  return std::unique_ptr<MemoryStore>(new MemoryStore(std::move(index), std::move(options)));
}

Result<int64_t> MemoryStore::NumPlaces(const std::string& session_record) const {
  TRY(const std::optional<IndexRecord> record, index_->Get(session_record, {}));
  if (!record) return 0;
  int64_t places = 0;
  std::from_chars(record->payload.data(), record->payload.data() + record->payload.size(), places);
  return places;
}

Result<PlacedTurns> MemoryStore::Place(const MemoryScope& scope, std::vector<MemoryTurn> turns) const {
  TRY_VOID(CheckScope(scope));
  PlacedTurns placed;
  const std::string digits = SessionDigits(scope);
  TRY(placed.first_place, NumPlaces("s/" + digits));
  std::vector<std::string> before;
  for (int64_t at = std::max<int64_t>(0, placed.first_place - (kWindowTurns - 1)); at < placed.first_place; ++at) {
    before.push_back(TurnId(digits, at));
  }
  TRY(std::vector<MemoryTurn> all, Turns(before));
  const size_t num_before = all.size();
  for (size_t i = 0; i < turns.size(); ++i) {
    auto checked = CheckTurn(turns[i]);
    if (!checked.ok()) return std::move(checked).error().Under("turns[" + std::to_string(i) + "]");
    turns[i].scope = scope;
    turns[i].id = TurnId(digits, placed.first_place + static_cast<int64_t>(i));
    all.push_back(turns[i]);
    const size_t end = all.size(), begin = end - std::min<size_t>(end, kWindowTurns);
    placed.windows.push_back(end - begin < 2 ? "" : WindowText(std::span(all).subspan(begin, end - begin)));
  }
  placed.turns.assign(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(num_before)),
                      std::make_move_iterator(all.end()));
  return placed;
}

Result<bool> MemoryStore::Put(const PlacedTurns& placed, std::vector<std::vector<float>> turn_vectors,
                              std::vector<std::vector<float>> window_vectors) {
  if (placed.turns.empty()) return true;
  const MemoryScope& scope = placed.turns.front().scope;
  const std::string session = "s/" + SessionDigits(scope);
  const std::lock_guard lock(writing_);
  TRY(const int64_t places, NumPlaces(session));
  if (places != placed.first_place) return false;
  IndexBatch batch;
  for (size_t i = 0; i < placed.turns.size(); ++i) {
    IndexRecord record = TurnRecord(placed.turns[i]);
    if (!turn_vectors.empty()) record.vector = std::move(turn_vectors[i]);
    batch.put.push_back(std::move(record));
    if (placed.windows[i].empty()) continue;
    IndexRecord window;
    window.id = WindowId(placed.turns[i].id);
    window.texts.push_back({"body", placed.windows[i]});
    window.attributes = ScopeAttributes(scope, kWindow);
    if (!window_vectors.empty()) window.vector = std::move(window_vectors[i]);
    batch.put.push_back(std::move(window));
  }
  IndexRecord record;
  record.id = session;
  record.attributes = ScopeAttributes(scope, kSession);
  record.payload = std::to_string(places + static_cast<int64_t>(placed.turns.size()));
  batch.put.push_back(std::move(record));
  TRY_VOID(index_->Apply(std::move(batch)));
  return true;
}

Result<std::vector<MemoryHit>> MemoryStore::SearchKind(const IndexQuery& query) const {
  TRY(const IndexHits found, index_->Search(query));
  std::vector<MemoryHit> hits;
  std::map<std::string_view, size_t> places;
  for (const IndexHit& hit : found.by_text) {
    places.emplace(hit.id, hits.size());
    hits.push_back({.id = hit.id, .words = hit.score});
  }
  for (const IndexHit& hit : found.by_vector) {
    if (const auto place = places.find(hit.id); place != places.end()) {
      hits[place->second].likeness = hit.score;
    } else {
      hits.push_back({.id = hit.id, .likeness = hit.score});
    }
  }
  return hits;
}

Result<MemoryHits> MemoryStore::Search(const MemoryScope& scope, std::string_view words,
                                       const std::vector<float>& vector, int32_t top_k) const {
  IndexQuery query;
  query.text = WordsOf(words), query.vector = vector, query.top_k = top_k;
  query.visible = Within(scope, kTurn);
  MemoryHits hits;
  TRY(hits.turns, SearchKind(query));
  query.visible = Within(scope, kWindow);
  TRY(hits.windows, SearchKind(query));
  for (MemoryHit& hit : hits.windows) hit.id[0] = 't';
  return hits;
}

Result<std::vector<MemoryTurn>> MemoryStore::Turns(const std::vector<std::string>& ids) const {
  std::vector<MemoryTurn> turns;
  for (const std::string& id : ids) {
    if (!IsTurnId(id)) continue;
    TRY(const std::optional<IndexRecord> record, index_->Get(id, {}));
    if (!record) continue;
    TRY(MemoryTurn turn, ReadTurn(*record));
    turns.push_back(std::move(turn));
  }
  return turns;
}

Result<std::vector<MemoryTurn>> MemoryStore::List(const MemoryScope& scope, std::string_view after,
                                                  int32_t limit) const {
  TRY(const std::vector<std::string> ids, index_->List(Within(scope, kTurn), {}, after, limit));
  return Turns(ids);
}

Result<std::vector<std::string>> MemoryStore::Speakers(const MemoryScope& scope) const {
  IndexQuery query;
  query.visible = Within(scope, kTurn);
  query.top_k = 1;
  query.facets = {"speaker"}, query.max_facet_values = kMaxSpeakers;
  TRY(const IndexHits found, index_->Search(query));
  std::vector<std::string> speakers;
  for (const IndexFacet& facet : found.facets) {
    for (const FacetCount& one : facet.values) {
      if (one.value.is_string()) speakers.push_back(one.value.AsString());
    }
  }
  return speakers;
}

Result<void> MemoryStore::Forget(const std::vector<std::string>& ids) {
  IndexBatch batch;
  for (const std::string& id : ids) {
    batch.removed.push_back(id);
    if (!IsTurnId(id)) continue;
    // Windows of the turns after it hold its text too.
    for (int64_t place = PlaceOf(id); place < PlaceOf(id) + kWindowTurns; ++place) {
      batch.removed.push_back(WindowId(TurnIdAt(id, place)));
    }
  }
  TRY_VOID(index_->Apply(std::move(batch)));
  return index_->Compact();
}

Result<int64_t> MemoryStore::ForgetAll(const MemoryScope& scope) {
  const std::lock_guard lock(writing_);
  TRY(const int64_t num_turns, index_->Count(Within(scope, kTurn), {}));
  IndexBatch batch;
  TRY(batch.removed, index_->List(Within(scope, ""), {}, "", kAll));
  TRY_VOID(index_->Apply(std::move(batch)));
  TRY_VOID(index_->Compact());
  return num_turns;
}

}  // namespace atelier
