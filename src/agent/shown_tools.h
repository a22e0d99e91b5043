// Of an agent with many tools, those that its model is shown: the ones that fit the task, found as a step of the run,
// and more by a tool find_tools. What is not shown can still be called by who knows its name: showing fewer is for the
// prompt's sake, not for safety, and taint, guards and approval are as ever.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/agent.h"

namespace atelier {

// Whether the agent has more tools than it is to be shown.
bool HasManyTools(const Agent& agent);
// The names of at most `limit` of the agent's own tools that fit `text`, best first. A decision of the run, journalled.
Task<Result<std::vector<std::string>>> FindTools(Call call, AgentWork& work, const Agent& agent, std::string path,
                                                 std::string text, int64_t limit);
inline constexpr char kFindTools[] = "find_tools";
// The tool of this name: adds what it finds to `shown`. All outlive it; `agent` has its own tools alone.
std::shared_ptr<AgentTool> MakeFindTools(AgentWork& work, std::shared_ptr<const Agent> agent,
                                         std::set<std::string>& shown);

}  // namespace atelier
