#include "agent/agent.h"

#include <array>

#include "agent/guided.h"
#include "agent/react.h"
#include "agent/research.h"

namespace atelier {

std::string_view AgentEventName(AgentEventType type) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "run_started",   "step_started",  "text",         "reasoning", "model_answered", "tool_called",
      "tool_progress", "tool_answered", "person_asked", "compacted", "guard_refused",  "run_ended"};
  return kNames.at(static_cast<size_t>(type));
}

Task<Result<AgentOutcome>> RunAgent(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  const auto program = agent.config.policy == "guided"     ? RunGuided
                       : agent.config.policy == "research" ? RunResearch
                                                           : RunReact;
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
