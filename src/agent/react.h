// The policy "react": the model is asked, what it calls is called, until it answers without a call. [arXiv:2210.03629,
// by native function calling]
#pragma once

#include <string>
#include <string_view>

#include "agent/agent.h"

namespace atelier {

// In a message of an input: what of its content the person said, where instructions of the caller's stand before it.
// What remembers conversations reads it; no model is shown it.
inline constexpr std::string_view kSaid = "said";

// Errors name what of an input is none: neither a text with something in it, nor messages with roles and contents.
Result<void> CheckAgentInput(const Json& input);

// The last text that the person wrote: what an agent is to do.   REQUIRES: CheckAgentInput(input).ok()
std::string TaskOf(const Json& input);

// `input`: a text, or messages of a conversation in OpenAI's shape (no system message: the agent's instructions are
// it). Errors: Suspended; those of steps; those of CheckAgentInput.
Task<Result<AgentOutcome>> RunReact(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);

}  // namespace atelier
