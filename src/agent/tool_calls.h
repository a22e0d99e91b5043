// The calls of one answer of the model: checked, guarded, approved, made beside each other, journalled and told back.
//
// What a tool says that comes from outside is data: it reaches the model between marks, and from then on the run is
// tainted. A tainted run may not call a tool declared sensitive until a person has approved the call: what came from
// outside may have asked for it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "provider/gathered.h"

namespace atelier {

// What of a run's past decides what its next calls may do.
struct CallHistory {
  std::set<std::string> tainted_by;  // tools whose outside words the model has read
  bool has_handles = false;          // results that were too long to be shown whole
  Json made = Json::Array({});       // [{"name", "is_error"}]
  bool by_model = true;              // the calls are a model's, which may go in circles
};

struct CallsAnswered {
  std::vector<Json> messages;         // of role tool, in the calls' order
  std::vector<Json> plain;            // their texts, without marks
  std::vector<Json> outputs;          // as the journal has them (tool_output.h)
  std::optional<LimitReached> limit;  // then the run ends, and `messages` is empty
};

// `path` is the turn's: the steps of call i are "path.i" and below. Errors: Suspended where a person is asked, once the
// other calls have ended; those of RunLog::Step; Cancelled.
Task<Result<CallsAnswered>> CallTools(Call call, AgentWork& work, const Agent& agent, CallHistory& history,
                                      std::string path, std::vector<GatheredCall> calls);

// Why the arguments are none for the tool; empty: they are fine.
Result<std::string> WhatIsWrong(const ToolSpec& spec, const Json& arguments);

// How a run ends where a limit was reached: with the text that there is, and what was called.
AgentOutcome LimitedOutcome(const LimitReached& limit, std::string text, const CallHistory& history);

// Goes into the instructions of agents whose tools bring words from outside.
std::string_view OutsideDataRule();

}  // namespace atelier
