// The arguments of a call, found in a text by a model that need not write them.
#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"

namespace atelier {

// An object that keeps spec.parameters: its required members, and of the others those with fixed values. Nothing: the
// text has no part that could be one of them. Errors: those of steps and of the schema.
Task<Result<std::optional<Json>>> FillArguments(Call call, AgentWork& work, const Agent& agent, const ToolSpec& spec,
                                                std::string text, StepScope scope);

}  // namespace atelier
