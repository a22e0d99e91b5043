// A text on its way in or out of a run, past the guards; a person may let it pass, or put another answer in its place.
#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"

namespace atelier {

// `on`: "input" or "output". How the run ends where the text is refused; nothing: it may go on. Errors: Suspended;
// those of steps.
Task<Result<std::optional<AgentOutcome>>> GuardText(Call call, AgentWork& work, const Agent& agent, std::string on,
                                                    std::string text, std::string path);

}  // namespace atelier
