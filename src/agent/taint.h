// Where words of strangers get into a run, and what they then keep it from. A run is tainted by what tools said
// (tool_calls.h), by definitions of tools that strangers wrote, and by earlier turns that it is given to read. A
// tainted run calls no sensitive tool until a person has approved the call.
#pragma once

#include <set>
#include <string>

#include "agent/agent.h"

namespace atelier {

// What taints a run of `agent` before it has done anything: the definitions of its tools; messages of tools in `input`,
// whoever sent them; answers in `input` that an agent which hears from outside may have given.
std::set<std::string> TaintBeforehand(const Agent& agent, const Json& input);
// Whether what `agent` says may be a stranger's words.
bool HearsFromOutside(const Agent& agent);
// Whether such a run may have been told to call the tool. Not by the tool's own author: who wrote its definition gains
// nothing by having it called.
bool IsTaintedFor(const ToolSpec& spec, const std::set<std::string>& tainted_by);

}  // namespace atelier
