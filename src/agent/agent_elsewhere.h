// The code of find_agent's error (agent_runs.h) where the agent is another process's to make: a run of it is left as it
// is.
#pragma once

namespace atelier {

inline constexpr char kAgentElsewhere[] = "agent_elsewhere";

}  // namespace atelier
