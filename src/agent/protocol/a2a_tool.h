// A foreign agent as a tool of ours: what it is told is a message of A2A, what it says is the answer.
//
//   tools:
//     - name: ask_travel
//       type: a2a
//       description: Knows trains and hotels.
//       with: {url: "https://travel.example.org", key: "env:TRAVEL_KEY"}
//
// The tool reaches the URL's origin and nothing else. A task that asks something back is an answer that says so, with
// the task's id, by which the next call goes on with it. What it says comes from outside; as what it is told may carry
// anything away, it is sensitive.
#pragma once

#include <memory>

#include "agent/tools/tool_entry.h"

namespace atelier {

// Errors: kInvalid with the key within `with`.
Result<std::shared_ptr<AgentTool>> MakeA2aTool(const ToolConfig& config, const ToolEnvironment& environment,
                                               Loop& loop);

}  // namespace atelier
