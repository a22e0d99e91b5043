// Facts, and forgetting.
#include <algorithm>
#include <set>
#include <utility>

#include "agent/memory/memory_record.h"
#include "agent/memory/memory_store.h"
#include "base/object_id.h"

namespace atelier {

std::string NewFactId() { return NewObjectId("f/"); }

Result<std::vector<std::string>> MemoryStore::PutFacts(std::vector<MemoryFact> facts,
                                                       std::vector<std::vector<float>> vectors,
                                                       std::optional<MemorySessionState> learnt) {
  CHECK(vectors.empty() || vectors.size() == facts.size());
  const std::lock_guard lock(writing_);
  IndexBatch batch;
  std::vector<std::string> ids;
  for (size_t i = 0; i < facts.size(); ++i) {
    MemoryFact& fact = facts[i];
    auto checked = CheckFact(fact);
    if (!checked.ok()) return std::move(checked).error().Under("facts[" + std::to_string(i) + "]");
    if (fact.id.empty()) fact.id = NewFactId();
    IndexRecord record = FactRecord(fact);
    if (!vectors.empty() && !vectors[i].empty()) {
      record.vector = std::move(vectors[i]);
    } else {
      TRY(std::optional<std::vector<float>> before, index_->GetVector(fact.id));
      if (before) record.vector = std::move(*before);
    }
    batch.put.push_back(std::move(record));
    ids.push_back(fact.id);
  }
  if (learnt) {
    // Turns may have come meanwhile.
    TRY(MemorySessionState state, StateOf(learnt->scope));
    state.num_learnt = std::max(state.num_learnt, learnt->num_learnt);
    batch.put.push_back(SessionRecord(state));
  }
  TRY_VOID(index_->Apply(std::move(batch)));
  return ids;
}

Result<std::vector<MemoryFact>> MemoryStore::Facts(const std::vector<std::string>& ids) const {
  std::vector<MemoryFact> facts;
  for (const std::string& id : ids) {
    if (!IsFactId(id)) continue;
    TRY(const std::optional<IndexRecord> record, index_->Get(id, {}));
    if (!record) continue;
    TRY(MemoryFact fact, ReadFact(*record));
    facts.push_back(std::move(fact));
  }
  return facts;
}

Result<std::vector<MemoryFact>> MemoryStore::ListFacts(const MemoryScope& scope, std::string_view kind,
                                                       std::string_view after, int32_t limit) const {
  Filter filter = WithinScope(scope, kFactKind);
  if (!kind.empty()) filter = Filter::And({std::move(filter), AttributeIs("fact", kind)});
  TRY(const std::vector<std::string> ids, index_->List(filter, {}, after, limit));
  return Facts(ids);
}

Result<int64_t> MemoryStore::Forget(const std::vector<std::string>& ids) {
  const std::lock_guard lock(writing_);
  std::set<std::string> removed;
  int64_t num_there = 0;
  for (const std::string& id : ids) {
    if (!IsTurnId(id) && !IsFactId(id)) continue;
    TRY(const std::optional<Json> there, index_->GetAttributes(id, {}));
    if (!there) continue;
    num_there += removed.insert(id).second ? 1 : 0;
    if (!IsTurnId(id)) continue;
    // Windows of the turns after it hold its text too.
    for (int64_t place = PlaceOf(id); place < PlaceOf(id) + kWindowTurns; ++place) {
      removed.insert(WindowIdOf(TurnIdAt(id, place)));
    }
    TRY(const std::vector<std::string> facts, index_->List(AttributeIs("source", id), {}, "", kAllRecords));
    removed.insert(facts.begin(), facts.end());
  }
  IndexBatch batch;
  batch.removed.assign(removed.begin(), removed.end());
  TRY_VOID(index_->Apply(std::move(batch)));
  TRY_VOID(index_->Compact());
  return num_there;
}

Result<int64_t> MemoryStore::ForgetAll(const MemoryScope& scope) {
  const std::lock_guard lock(writing_);
  int64_t num_gone = 0;
  for (const std::string_view kind : {kTurnKind, kFactKind}) {
    TRY(const int64_t num, index_->Count(WithinScope(scope, kind), {}));
    num_gone += num;
  }
  IndexBatch batch;
  TRY(batch.removed, index_->List(WithinScope(scope, ""), {}, "", kAllRecords));
  // Facts of other sessions may stand on turns of this one.
  TRY(const std::vector<std::string> turns, index_->List(WithinScope(scope, kTurnKind), {}, "", kAllRecords));
  for (const std::string& turn : turns) {
    TRY(const std::vector<std::string> facts, index_->List(AttributeIs("source", turn), {}, "", kAllRecords));
    batch.removed.insert(batch.removed.end(), facts.begin(), facts.end());
  }
  TRY_VOID(index_->Apply(std::move(batch)));
  TRY_VOID(index_->Compact());
  return num_gone;
}

}  // namespace atelier
