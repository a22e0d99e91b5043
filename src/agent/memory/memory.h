// A memory: its store with what embeds. Records turns, and recalls those that answer a question.
//
// Loop thread only; what blocks runs on the pool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/memory/memory_store.h"
#include "agent/memory/recall.h"
#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

struct RecallRequest {
  std::string question;
  MemoryScope scope = {};  // empty parts: of any
  int32_t top_k = 10;
  RecallWeights weights = RecallWeights::Default();
};

class Memory {
 public:
  // All outlive it. The embedder is the one that the store was made with; null: words alone.
  Memory(MemoryStore& store, Pool& pool, Embedder* embedder) : store_(store), pool_(pool), embedder_(embedder) {}

  // Turns of one session, in the order they were said; their ids. Durable when it returns.
  // Errors: the store's, the embedder's.
  Task<Result<std::vector<std::string>>> Record(Call call, MemoryScope scope, std::vector<MemoryTurn> turns);
  // Best first, at most top_k.
  Task<Result<std::vector<RecalledTurn>>> Recall(Call call, RecallRequest request);
  // Facts of the scope's user and agent that hold at `at_ms`, best first, at most top_k.
  Task<Result<std::vector<RecalledFact>>> RecallFacts(Call call, RecallRequest request, int64_t at_ms);
  // MemoryStore::PutFacts with their vectors; their ids.
  Task<Result<std::vector<std::string>>> PutFacts(Call call, std::vector<MemoryFact> facts,
                                                  std::optional<MemorySessionState> learnt = {});

  MemoryStore& store() { return store_; }
  Pool& pool() { return pool_; }

 private:
  // [texts]; of an empty text an empty vector.
  Task<Result<std::vector<std::vector<float>>>> Embed(Call call, std::vector<std::string> texts, bool are_questions);

  MemoryStore& store_;
  Pool& pool_;
  Embedder* embedder_;
};

}  // namespace atelier
