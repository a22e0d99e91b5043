// Guards: what is looked at before it goes on its way, in the order of atelier.yaml. Patterns and schemas are judged at
// once; a statement is a decision of the model, and a step of the run.
#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"

namespace atelier {

struct GuardRefusal {
  std::string guard;
  std::string why;
  bool ask = false;  // a person decides
};

struct GuardedText {
  std::string on = {};    // "input", "output", "arguments"
  std::string tool = {};  // of arguments
  std::string text = {};
  std::string path = {};  // steps of guards stand below it
};

// The first guard that refuses; nothing: none does. Errors: those of steps.
Task<Result<std::optional<GuardRefusal>>> CheckGuards(Call call, AgentWork& work, const Agent& agent, GuardedText text);

}  // namespace atelier
