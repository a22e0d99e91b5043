// How what is remembered is told to programs: the same words in the API and with --json.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/memory/memory_store.h"
#include "agent/memory/recall.h"
#include "base/text/json.h"

namespace atelier {

// {"id", "user", "agent", "session", "speaker", "text", "said_ms", "reference"}
Json TurnBody(const MemoryTurn& turn);
// {"user", "agent", "session", "turns", "learnt"}
Json SessionBody(const MemorySessionState& state);
// A fact with the turns that it stands on ("said"), or a turn. kNotFound: neither has this id. Blocks.
Result<Json> RememberedBody(const MemoryStore& store, const std::string& id);
// {"facts", "turns"}, each with its score, turns with what they were judged by.
Json FoundBody(const std::vector<RecalledFact>& facts, const std::vector<RecalledTurn>& turns);

// Facts of the scope in order of id behind `after`, those that hold at `at_ms` (0: all), at most `limit`. Blocks.
Result<std::vector<MemoryFact>> FactsThatHold(const MemoryStore& store, const MemoryScope& scope,
                                              const std::string& kind, std::string after, int64_t limit, int64_t at_ms);

// All that is in the scope, turns before facts, some at a time.
class MemoryExport {
 public:
  MemoryExport(std::shared_ptr<const MemoryStore> store, MemoryScope scope)
      : store_(std::move(store)), scope_(std::move(scope)) {}
  // The next, each as {"type": "turn" or "fact", …}; empty: that was all. Blocks.
  Result<std::vector<Json>> Next();

 private:
  std::shared_ptr<const MemoryStore> store_;
  MemoryScope scope_;
  std::string after_;
  bool in_facts_ = false, is_over_ = false;
};

}  // namespace atelier
