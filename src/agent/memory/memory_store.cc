#include "agent/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "agent/memory/memory_record.h"

namespace atelier {
namespace {

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

std::string WindowText(std::span<const MemoryTurn> turns) {
  std::string text;
  for (const MemoryTurn& turn : turns) text += (text.empty() ? "" : "\n") + SpokenText(turn);
  return text;
}

Result<std::vector<MemoryHit>> FoundBy(const HybridIndex& index, const IndexQuery& query) {
  TRY(const IndexHits found, index.Search(query));
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

IndexQuery QueryOf(std::string_view words, const std::vector<float>& vector, int32_t top_k) {
  IndexQuery query;
  query.text = QuestionWords(words), query.vector = vector, query.top_k = top_k;
  return query;
}

}  // namespace

Result<std::unique_ptr<MemoryStore>> MemoryStore::Open(Files& files, const std::string& folder,
                                                       MemoryStoreOptions options) {
  TRY(std::unique_ptr<HybridIndex> index, HybridIndex::Open(files, folder, SchemaOf(options)));
  return std::unique_ptr<MemoryStore>(new MemoryStore(std::move(index), std::move(options)));
}

Result<std::unique_ptr<MemoryStore>> MemoryStore::Follow(Files& files, const std::string& folder) {
  TRY(std::unique_ptr<HybridIndex> index, HybridIndex::Follow(files, folder));
  MemoryStoreOptions options;
  options.embedder = index->schema().embedder, options.dimensions = index->schema().dimensions;
  options.language = index->schema().language;
  return std::unique_ptr<MemoryStore>(new MemoryStore(std::move(index), std::move(options)));
}

Result<MemorySessionState> MemoryStore::StateOf(const MemoryScope& session) const {
  TRY(const std::optional<IndexRecord> record, index_->Get(SessionRecordId(session), {}));
  if (record) return ReadSession(*record);
  MemorySessionState fresh;
  fresh.scope = session;
  return fresh;
}

Result<PlacedTurns> MemoryStore::Place(const MemoryScope& scope, std::vector<MemoryTurn> turns) const {
  TRY_VOID(CheckScope(scope));
  PlacedTurns placed;
  TRY(const MemorySessionState state, StateOf(scope));
  placed.first_place = state.num_places;
  std::vector<std::string> before;
  for (int64_t at = std::max<int64_t>(0, placed.first_place - (kWindowTurns - 1)); at < placed.first_place; ++at) {
    before.push_back(TurnIdOf(scope, at));
  }
  TRY(std::vector<MemoryTurn> all, Turns(before));
  const size_t num_before = all.size();
  int64_t place = placed.first_place;
  for (size_t i = 0; i < turns.size(); ++i) {
    auto checked = CheckTurn(turns[i]);
    if (!checked.ok()) return std::move(checked).error().Under("turns[" + std::to_string(i) + "]");
    if (!turns[i].reference.empty()) {
      const Filter same = AttributeIs("reference", turns[i].reference);
      TRY(const int64_t num_same, index_->Count(Filter::And({ExactlyIn(scope, kTurnKind), same}), {}));
      if (num_same > 0) continue;
    }
    turns[i].scope = scope;
    turns[i].id = TurnIdOf(scope, place++);
    all.push_back(std::move(turns[i]));
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
  const std::lock_guard lock(writing_);
  TRY(MemorySessionState state, StateOf(placed.turns.front().scope));
  if (state.num_places != placed.first_place) return false;
  IndexBatch batch;
  for (size_t i = 0; i < placed.turns.size(); ++i) {
    IndexRecord record = TurnRecord(placed.turns[i]);
    if (!turn_vectors.empty()) record.vector = std::move(turn_vectors[i]);
    batch.put.push_back(std::move(record));
    if (placed.windows[i].empty()) continue;
    IndexRecord window = WindowRecord(placed.turns[i], placed.windows[i]);
    if (!window_vectors.empty()) window.vector = std::move(window_vectors[i]);
    batch.put.push_back(std::move(window));
  }
  state.num_places += static_cast<int64_t>(placed.turns.size());
  batch.put.push_back(SessionRecord(state));
  TRY_VOID(index_->Apply(std::move(batch)));
  return true;
}

Result<MemoryHits> MemoryStore::Search(const MemoryScope& scope, std::string_view words,
                                       const std::vector<float>& vector, int32_t top_k) const {
  IndexQuery query = QueryOf(words, vector, top_k);
  query.visible = WithinScope(scope, kTurnKind);
  MemoryHits hits;
  TRY(hits.turns, FoundBy(*index_, query));
  query.visible = WithinScope(scope, kWindowKind);
  TRY(hits.windows, FoundBy(*index_, query));
  for (MemoryHit& hit : hits.windows) hit.id[0] = 't';
  return hits;
}

Result<std::vector<MemoryHit>> MemoryStore::SearchFacts(const MemoryScope& scope, std::string_view words,
                                                        const std::vector<float>& vector, int32_t top_k) const {
  IndexQuery query = QueryOf(words, vector, top_k);
  query.visible = WithinScope({.user = scope.user, .agent = scope.agent}, kFactKind);
  return FoundBy(*index_, query);
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
  TRY(const std::vector<std::string> ids, index_->List(WithinScope(scope, kTurnKind), {}, after, limit));
  return Turns(ids);
}

Result<std::vector<MemoryTurn>> MemoryStore::TurnsFrom(const MemoryScope& session, int64_t place, int32_t limit) const {
  TRY(const MemorySessionState state, StateOf(session));
  std::vector<std::string> ids;
  for (int64_t at = place; at < std::min(state.num_places, place + limit); ++at) ids.push_back(TurnIdOf(session, at));
  return Turns(ids);
}

Result<std::vector<std::string>> MemoryStore::Speakers(const MemoryScope& scope) const {
  IndexQuery query;
  query.visible = WithinScope(scope, kTurnKind);
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

Result<std::vector<MemorySessionState>> MemoryStore::Sessions(const MemoryScope& scope) const {
  TRY(const std::vector<std::string> ids, index_->List(WithinScope(scope, kSessionKind), {}, "", kAllRecords));
  std::vector<MemorySessionState> states;
  for (const std::string& id : ids) {
    TRY(const std::optional<IndexRecord> record, index_->Get(id, {}));
    if (!record) continue;
    TRY(MemorySessionState state, ReadSession(*record));
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace atelier
