#include "agent/agent.h"

#include <algorithm>
#include <array>

#include "agent/agent_memory.h"
#include "agent/guided.h"
#include "agent/react.h"
#include "agent/research.h"
#include "agent/taint.h"
#include "base/text/glob.h"

namespace atelier {

std::string_view AgentEventName(AgentEventType type) {
  static constexpr std::array<std::string_view, 13> kNames = {
      "run_started",   "step_started", "text",      "reasoning",     "model_answered", "tool_called", "tool_progress",
      "tool_answered", "person_asked", "compacted", "guard_refused", "node_ended",     "run_ended"};
  return kNames.at(static_cast<size_t>(type));
}

Task<Result<AgentOutcome>> RunPolicy(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  if (agent.program) {
    return agent.program->Run(std::move(call), std::move(work), agent, std::move(input), std::move(scope));
  }
  work.tainted_by.merge(TaintBeforehand(agent, input));
  const auto program = agent.config.policy == "guided"     ? RunGuided
                       : agent.config.policy == "research" ? RunResearch
                                                           : RunReact;
  return program(std::move(call), std::move(work), agent, std::move(input), std::move(scope));
}

Result<AgentTools> ToolsNamed(const AgentConfig& config, const AgentTools& all) {
  AgentTools named;
  for (const std::string& wanted : config.tools) {
    bool found = false;
    for (const auto& tool : all) {
      if (!GlobMatches(wanted, tool->spec().name)) continue;
      found = true;
      if (std::ranges::find(named, tool) == named.end()) named.push_back(tool);
    }
    if (found) continue;
    std::vector<std::string_view> known;
    for (const auto& tool : all) known.push_back(tool->spec().name);
    const std::string_view near = Nearest(wanted, known);
    return Error::Invalid("agent " + config.name,
                          "wants the tool '" + wanted + "', which `tools` lacks" +
                              (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
  }
  return named;
}

Task<Result<AgentOutcome>> RunAgent(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  const bool remembers = agent.config.memory && work.memory != nullptr;
  const auto program = remembers ? RunRemembering : RunPolicy;
  return program(std::move(call), std::move(work), agent, std::move(input), std::move(scope));
}

Json AgentOutcome::Body() const {
  Json body = Json::Object({{"status", RunStatusName(status)}, {"text", text}});
  if (!structured.is_null()) body.Set("structured", structured);
  if (!reason.empty()) body.Set("reason", reason);
  if (!what.empty()) body.Set("what", what);
  if (!calls.is_null()) body.Set("calls", calls);
  if (!citations.is_null()) body.Set("citations", citations);
  return body;
}

}  // namespace atelier
