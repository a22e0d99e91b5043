// The policy "research": a fixed plan over several sources, with citations.
//
//   plan        what is asked is taken apart into questions: by its question marks, or by the model that is to write
//   where?      for each question a decision orders the sources: tools that say how they look things up (SourceSpec)
//   search      the first of them is asked; of what it finds the best is read whole, by the tool that reads it
//   enough?     how likely a sentence of all that was read answers the question; else the next source
//   answer      quoted: the sentences that answer; or written by the model, and each sentence kept that what was read
//               supports. Every sentence carries the number of where it stands
//
// The calls are like any other: guards, approval, taint, journal. Nothing that a source says decides what is called
// next but by naming what is to be read.
#pragma once

#include "agent/agent.h"

namespace atelier {

// As RunReact (react.h). Errors: also kInvalid where no tool of the agent searches.
Task<Result<AgentOutcome>> RunResearch(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);

}  // namespace atelier
