// Tools that a run has beside its agent's: they work on the run itself. Most are composed: their steps are the run's.
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "agent/tool_calls.h"

namespace atelier {

// Where a conversation is to go on; set by a tool transfer_to_NAME.
struct Handoff {
  std::shared_ptr<const Agent> to;
};

inline constexpr char kAskPerson[] = "ask_person";

// "ask_person": the run waits until somebody answers.
std::shared_ptr<AgentTool> MakeAskPerson(AgentWork& work, const Agent& agent);
// "ask_NAME": the other agent does a task within this run, with its limits, and tells what came of it. It is told
// nothing but the task, and what had tainted the one who asks taints it.
std::shared_ptr<AgentTool> MakeAskAgent(AgentWork& work, const CallHistory& history,
                                        std::shared_ptr<const Agent> other);
// "transfer_to_NAME": the other agent goes on with the conversation.
std::shared_ptr<AgentTool> MakeTransfer(Handoff& handoff, std::shared_ptr<const Agent> other);

// All that `agent`'s configuration asks for. The references outlive the tools. Errors: agents that there are not.
Result<AgentTools> MakeRunTools(AgentWork& work, const Agent& agent, const CallHistory& history, Handoff& handoff);

}  // namespace atelier
