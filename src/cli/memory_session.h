// What the commands `memory …` share: the memory of the application, and whose part of it is meant.
#pragma once

#include <memory>
#include <string>

#include "app/memory_library.h"
#include "app/memory_tools.h"
#include "app/memory_view.h"
#include "cli/agent_session.h"

namespace atelier {

struct MemoryScopeOptions {
  MemoryScope scope;

  void Declare(Options& options);
};

struct MemoryAccess {
  std::unique_ptr<AgentSession> session;

  static Result<MemoryAccess> Open(const Invocation& invocation);
  MemoryLibrary& memory() { return session->agents().memory(); }
};

// A line each.
void ShowTurn(const MemoryTurn& turn);
void ShowFact(const MemoryFact& fact);

}  // namespace atelier
