// How runs of agents are told to programs: the same words in the API, with --json and in events.
#pragma once

#include <string>

#include "agent/agent_event.h"
#include "agent/journal.h"
#include "base/text/json.h"

namespace atelier {

// {"id", "object": "agent.run", "agent", "status", "input", "output", "structured", "questions", …}
Json RunBody(const RunRow& run);
// {"path", "kind", "name", "request", "result", "attempt", "begun_at", "ended_at"}
Json StepBody(const StepRow& step);
// {"type", "agent", "step", …}
Json EventBody(const AgentEvent& event);
// Why a person is asked (OpenQuestion::question), where what is asked does not say.
std::string WhyAsked(const Json& question);

}  // namespace atelier
