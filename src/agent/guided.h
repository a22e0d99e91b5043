// The policy "guided": a fixed plan for models too small to plan.
//
//   which tool?      a decision among the tools and "answer at once"
//   its arguments    each a part of the input, copied under a grammar of all parts that keep its schema; of fixed
//   values
//                    one, by a decision; what has no text to copy is written under its schema
//   the call         as any other: guards, approval, journal
//   enough?          a decision; else the next tool
//   handed over?     the other agent does the task, by its own policy
//   the answer       written from what the tools gave. Where it says a number that they do not, what they gave is the
//                    answer instead
//
// Nothing that the model says is parsed: it chooses and copies, and cannot name a tool that there is not.
#pragma once

#include "agent/agent.h"

namespace atelier {

// As RunReact (react.h).
Task<Result<AgentOutcome>> RunGuided(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);

}  // namespace atelier
