// What a run tells while it is under way. Steps that are replayed tell nothing: who resumes a run reads its journal.
//
//   run_started        {agent, input}
//   step_started       {kind, name}                       path
//   text, reasoning    {text}                             of the model's answer under way
//   model_answered     {text, calls, usage}
//   tool_called        {name, arguments, id}
//   tool_progress      {name, done, total, message}
//   tool_answered      {name, text, is_error, handle}
//   person_asked       {reason, name, arguments…}         the run will wait
//   compacted          {tokens}
//   guard_refused      {guard, on, why}
//   node_ended         {node, kind, output}              of a workflow; a long output is cut
//   run_ended          {status, …}                        or waiting; the last
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/text/json.h"

namespace atelier {

enum class AgentEventType : uint8_t {
  kRunStarted,
  kStepStarted,
  kText,
  kReasoning,
  kModelAnswered,
  kToolCalled,
  kToolProgress,
  kToolAnswered,
  kPersonAsked,
  kCompacted,
  kGuardRefused,
  kNodeEnded,
  kRunEnded,
};
// "run_started", ...
std::string_view AgentEventName(AgentEventType type);

struct AgentEvent {
  AgentEventType type = AgentEventType::kText;
  std::string agent;  // whose
  std::string path;   // of the step; empty: of the run
  Json data;
};

// Loop thread; must not wait.
using OnAgentEvent = std::function<void(const AgentEvent& event)>;

}  // namespace atelier
