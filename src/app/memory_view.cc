#include "app/memory_view.h"

#include <algorithm>
#include <utility>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

constexpr int32_t kAtOnce = 1'000;

Json Typed(const char* type, const Json& body) {
  Json typed = Json::Object({{"type", type}});
  for (const JsonMember& member : body.members()) typed.Set(member.key, member.value);
  return typed;
}

}  // namespace

Json TurnBody(const MemoryTurn& turn) {
  return Json::Object({{"id", turn.id},
                       {"user", turn.scope.user},
                       {"agent", turn.scope.agent},
                       {"session", turn.scope.session},
                       {"speaker", turn.speaker},
                       {"text", turn.text},
                       {"said_ms", turn.said_ms},
                       {"reference", turn.reference}});
}

Json SessionBody(const MemorySessionState& state) {
  return Json::Object({{"user", state.scope.user},
                       {"agent", state.scope.agent},
                       {"session", state.scope.session},
                       {"turns", state.num_places},
                       {"learnt", state.num_learnt}});
}

Result<Json> RememberedBody(const MemoryStore& store, const std::string& id) {
  TRY(const auto facts, store.Facts({id}));
  TRY(const auto turns, store.Turns({id}));
  if (facts.empty() && turns.empty()) {
    return Error::NotFound("id", "got '" + id.substr(0, 64) + "', want that of a fact or a turn");
  }
  if (facts.empty()) return TurnBody(turns.front());
  Json body = WriteJson(facts.front());
  TRY(const auto sources, store.Turns(facts.front().sources));
  Json said = Json::Array({});
  for (const MemoryTurn& turn : sources) said.Push(TurnBody(turn));
  body.Set("said", std::move(said));
  return body;
}

Json FoundBody(const std::vector<RecalledFact>& facts, const std::vector<RecalledTurn>& turns) {
  Json known = Json::Array({}), said = Json::Array({});
  for (const RecalledFact& one : facts) {
    Json body = WriteJson(one.fact);
    body.Set("score", one.score);
    known.Push(std::move(body));
  }
  for (const RecalledTurn& one : turns) {
    Json body = TurnBody(one.turn), figures = Json::Object({});
    for (size_t i = 0; i < kNumRecallFigures; ++i) figures.Set(RecallFigureNames()[i], one.figures[i]);
    body.Set("score", one.score), body.Set("figures", std::move(figures));
    said.Push(std::move(body));
  }
  return Json::Object({{"facts", std::move(known)}, {"turns", std::move(said)}});
}

Result<std::vector<MemoryFact>> FactsThatHold(const MemoryStore& store, const MemoryScope& scope,
                                              const std::string& kind, std::string after, int64_t limit,
                                              int64_t at_ms) {
  std::vector<MemoryFact> facts;
  while (true) {
    TRY(std::vector<MemoryFact> some, store.ListFacts(scope, kind, after, kAtOnce));
    const bool is_last = static_cast<int32_t>(some.size()) < kAtOnce;
    if (!some.empty()) after = some.back().id;
    for (MemoryFact& fact : some) {
      if (at_ms != 0 && !fact.holds(at_ms)) continue;
      if (static_cast<int64_t>(facts.size()) == limit) return facts;
      facts.push_back(std::move(fact));
    }
    if (is_last) return facts;
  }
}

Result<std::vector<Json>> MemoryExport::Next() {
  std::vector<Json> some;
  if (!in_facts_) {
    TRY(const auto turns, store_->List(scope_, after_, kAtOnce));
    for (const MemoryTurn& turn : turns) some.push_back(Typed("turn", TurnBody(turn)));
    in_facts_ = turns.size() < kAtOnce;
    after_ = in_facts_ ? std::string() : turns.back().id;
    if (!some.empty()) return some;
  }
  if (is_over_) return some;
  TRY(const auto facts, store_->ListFacts(scope_, "", after_, kAtOnce));
  for (const MemoryFact& fact : facts) some.push_back(Typed("fact", WriteJson(fact)));
  is_over_ = facts.size() < kAtOnce;
  if (!facts.empty()) after_ = facts.back().id;
  return some;
}

}  // namespace atelier
