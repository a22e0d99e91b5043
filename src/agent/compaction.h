// Keeps the conversation of a long run within its model's context: the older part is summed up by the model, as a step
// of the run, and the summary stands in its place. Instructions, task and the last messages stay as they are.
#pragma once

#include <cstdint>
#include <string>

#include "agent/agent.h"
#include "agent/agent_conversation.h"

namespace atelier {

// Tokens of prompt and answer above which a conversation is summed up: the agent's own bound, or three quarters of its
// model's context; 0: never. A step of the run, as a model may be another when the run is resumed.
Task<Result<int64_t>> CompactAbove(Call call, AgentWork& work, const Agent& agent, std::string path);

// `num_fixed` messages at the beginning stay, and the last ones from an answer of the model on.
Task<Result<void>> Compact(Call call, AgentWork& work, const Agent& agent, AgentConversation& talk, size_t num_fixed,
                           std::string path);

}  // namespace atelier
