// Where an agent meets a limit of its run.
//
// Agents of a run share its meter. Beside each other they come by in another order when the run is replayed or resumed,
// so the meter alone would cut another one, or the same one at another step. So where an agent within a run is cut is a
// step of its own, and one that has gone on goes on. Its path is no other's: a person is asked at `PATH!`.
#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"

namespace atelier {

// `reached` is what the meter says before the step `coming`; the limit by which the agent ends there, or nothing.
Task<Result<std::optional<LimitReached>>> MeetLimit(Call call, AgentWork& work, std::string coming,
                                                    std::optional<LimitReached> reached);

}  // namespace atelier
