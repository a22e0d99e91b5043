// The memory under $ATELIER_HOME/memory: agents', tools', commands'. Made when something is first recorded, with the
// default embedding model; where there is none, it finds by words alone.
//
// Other processes may write it too: whoever writes opens it, holds it while writing, and waits its turn. Who reads
// follows whoever writes and waits for nobody.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent_memory.h"
#include "agent/memory/learning.h"
#include "agent/memory/memory.h"
#include "app/app.h"

namespace atelier {

class MemoryLibrary final : public AgentMemory {
 public:
  // `app` outlives it.
  explicit MemoryLibrary(App& app);

  const std::string& folder() const { return folder_; }

  // For reading. kNotFound: nothing was ever recorded. Blocks.
  Result<std::shared_ptr<MemoryStore>> Read();

  Task<Result<std::vector<std::string>>> Record(Call call, MemoryScope scope, std::vector<MemoryTurn> turns);
  // Nothing where nothing was ever recorded.
  Task<Result<std::vector<RecalledTurn>>> Recall(Call call, RecallRequest request);
  Task<Result<std::vector<RecalledFact>>> RecallFacts(Call call, RecallRequest request, int64_t at_ms);
  Task<Result<std::vector<std::string>>> PutFacts(Call call, std::vector<MemoryFact> facts);
  // For good; how many turns and facts went.
  Task<Result<int64_t>> Forget(Call call, std::vector<std::string> ids);
  Task<Result<int64_t>> ForgetAll(Call call, MemoryScope scope);
  // Of every session in `scope` that has turns to learn from. An empty model: the default chat model.
  Task<Result<Learnt>> Learn(Call call, MemoryScope scope, std::string model);

  Task<Result<std::string>> Before(Call call, MemoryScope scope, MemoryConfig config, AgentQuestion question) override;
  Task<Result<void>> After(Call call, MemoryScope scope, std::vector<MemoryTurn> turns) override;

  int64_t NowMs() const { return app_.clock().UnixNanos() / 1'000'000; }

 private:
  Result<std::shared_ptr<MemoryStore>> OpenOnce();
  Task<Result<std::shared_ptr<MemoryStore>>> Write(Call call);
  Task<Result<std::shared_ptr<MemoryStore>>> ReadOnPool();
  Memory With(MemoryStore& store);

  App& app_;
  const std::string folder_;
  std::mutex mutex_;                        // guards the next
  std::weak_ptr<MemoryStore> writing_;      // shared by all that write here at the time
  std::shared_ptr<MemoryStore> following_;  // null: not yet
};

}  // namespace atelier
