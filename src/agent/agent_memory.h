// What a memory does for an agent's run: tells what is remembered before it begins, and records what was said once it
// has answered. Both are steps of the run, so that a replay has what the run had, and a resumed run records once.
#pragma once

#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/memory/memory_turn.h"

namespace atelier {

class AgentMemory {
 public:
  virtual ~AgentMemory() = default;
  // Empty where nothing is remembered.
  virtual Task<Result<std::string>> Before(Call call, MemoryScope scope, MemoryConfig config, std::string question) = 0;
  // Turns with references: recorded again, they are there once.
  virtual Task<Result<void>> After(Call call, MemoryScope scope, std::vector<MemoryTurn> turns) = 0;
};

// Whose memory a run of `agent` is about: the configured user, else the run's, else "me"; a session a day unless one is
// named.
MemoryScope MemoryScopeOf(const AgentConfig& agent, const std::string& principal, int64_t now_ms);

// RunAgent's program with agent.config.memory; `work.memory` is there.
Task<Result<AgentOutcome>> RunRemembering(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);

}  // namespace atelier
