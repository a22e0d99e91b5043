#include "app/memory_tools.h"

#include <utility>

#include "base/io/sha256.h"

namespace atelier {
namespace {

constexpr size_t kKeyDigits = 24;

// Facts first, then turns, as many as there is room for.
Task<Result<std::vector<RememberedItem>>> Search(MemoryLibrary& memory, Call call, std::string user, std::string query,
                                                 int32_t limit) {
  RecallRequest request;
  request.question = std::move(query), request.scope.user = std::move(user), request.top_k = (limit + 1) / 2;
  CO_TRY(const std::vector<RecalledFact> facts, co_await memory.RecallFacts(call, request, memory.NowMs()));
  request.top_k = limit - static_cast<int32_t>(facts.size());
  CO_TRY(const std::vector<RecalledTurn> turns, co_await memory.Recall(std::move(call), std::move(request)));
  std::vector<RememberedItem> items;
  for (const RecalledFact& one : facts) items.push_back({one.fact.id, DayText(one.fact.valid_from_ms), one.fact.text});
  for (const RecalledTurn& one : turns) {
    items.push_back({one.turn.id, DayText(one.turn.said_ms), SpokenText(one.turn)});
  }
  co_return items;
}

Task<Result<std::string>> Remember(MemoryLibrary& memory, Call call, std::string user, std::string text,
                                   std::string key) {
  MemoryFact fact;
  fact.id = key.empty() ? NewFactId() : "f/" + Sha256Hex(key).substr(0, kKeyDigits);
  fact.user = std::move(user), fact.text = std::move(text);
  fact.recorded_ms = memory.NowMs();
  std::vector<MemoryFact> facts = {std::move(fact)};
  CO_TRY(const std::vector<std::string> ids, co_await memory.PutFacts(std::move(call), std::move(facts)));
  co_return ids.front();
}

Task<Result<int64_t>> Forget(MemoryLibrary& memory, Call call, std::string user, std::string id) {
  const auto store = memory.Read();
  if (!store.ok()) co_return 0;
  CO_TRY(const std::vector<MemoryTurn> turns, (*store)->Turns({id}));
  CO_TRY(const std::vector<MemoryFact> facts, (*store)->Facts({id}));
  const bool is_theirs = (!turns.empty() && turns[0].scope.user == user) || (!facts.empty() && facts[0].user == user);
  if (!is_theirs) co_return 0;
  std::vector<std::string> ids = {std::move(id)};
  co_return co_await memory.Forget(std::move(call), std::move(ids));
}

}  // namespace

std::string DayText(int64_t ms) { return ms == 0 ? "" : UtcText(ms * 1'000'000).substr(0, 10); }

ToolMemory MemoryForTools(MemoryLibrary& memory) {
  ToolMemory tools;
  tools.search = [&memory](Call call, std::string user, std::string query, int32_t limit) {
    return Search(memory, std::move(call), std::move(user), std::move(query), limit);
  };
  tools.remember = [&memory](Call call, std::string user, std::string fact, std::string key) {
    return Remember(memory, std::move(call), std::move(user), std::move(fact), std::move(key));
  };
  tools.forget = [&memory](Call call, std::string user, std::string id) {
    return Forget(memory, std::move(call), std::move(user), std::move(id));
  };
  return tools;
}

}  // namespace atelier
