// What a memory does for an agent's run: tells what is remembered before it begins, and records what was said once it
// has answered. Both are steps of the run, so that a replay has what the run had, and a resumed run records once.
//
// Whichever door a conversation comes through (a response, a chat, a task of A2A, an editor's prompt, a call of MCP), a
// run is one turn of it: what the person said last, what the agent asked them meanwhile (ask_person) with their
// replies, and what was answered. What a client sends back of earlier turns is neither recorded again nor told twice;
// the same turn asked again (an answer that is made anew, a fork of a run) is recorded once, as it was answered first.
#pragma once

#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/memory/memory_turn.h"

namespace atelier {

// What an agent is asked, with what it reads of the conversation anyway.
struct AgentQuestion {
  std::string text = {};
  std::vector<std::string> read = {};  // earlier turns, verbatim
};

class AgentMemory {
 public:
  virtual ~AgentMemory() = default;
  // Empty where nothing is remembered.
  virtual Task<Result<std::string>> Before(Call call, MemoryScope scope, MemoryConfig config,
                                           AgentQuestion question) = 0;
  // Turns with references: recorded again, they are there once.
  virtual Task<Result<void>> After(Call call, MemoryScope scope, std::vector<MemoryTurn> turns) = 0;
};

// Of whom a run is, and in which conversation; each may be empty.
struct RunOrigin {
  std::string principal = {}, conversation = {};
};

// Whose memory a run of `agent` is about: the configured user, else the run's, else "me"; the configured session, else
// the run's conversation, else one a day. An agent that was lent to an editor's session remembers as itself.
MemoryScope MemoryScopeOf(const AgentConfig& agent, const RunOrigin& origin, int64_t now_ms);

// RunAgent's program with agent.config.memory; `work.memory` is there.
Task<Result<AgentOutcome>> RunRemembering(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);

}  // namespace atelier
