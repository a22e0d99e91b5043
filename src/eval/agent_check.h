// Whether a thing is true of the world after a run (agent_suite.h).
#pragma once

#include <string>
#include <vector>

#include "agent/journal.h"
#include "eval/agent_suite.h"
#include "eval/agent_world.h"

namespace atelier {

// What a run leaves to look at.
struct AfterRun {
  const AgentWorld& world;
  const RunRow& run;
  const std::vector<StepRow>& steps;
};

// Why it is not; empty: it is. Errors: those of the world's files and databases.
Result<std::string> WhyNot(const AgentCheck& check, const AfterRun& after);

}  // namespace atelier
