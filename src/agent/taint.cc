#include "agent/taint.h"

#include <algorithm>

namespace atelier {
namespace {

std::string DefinitionsOf(const std::string& author) { return "definitions of " + author; }

bool HasRole(const Json& input, const char* role) {
  return input.is_array() &&
         std::ranges::any_of(input.items(), [&](const Json& message) { return message["role"] == Json(role); });
}

}  // namespace

std::set<std::string> TaintBeforehand(const Agent& agent, const Json& input) {
  std::set<std::string> taint;
  for (const auto& tool : agent.tools) {
    if (!tool->spec().author.empty()) taint.insert(DefinitionsOf(tool->spec().author));
  }
  const bool answered = HasRole(input, "assistant") && HearsFromOutside(agent);
  if (answered || HasRole(input, "tool")) taint.insert("earlier turns");
  return taint;
}

bool HearsFromOutside(const Agent& agent) {
  if (agent.program) return agent.program->HearsFromOutside();
  const auto brings = [](const auto& tool) { return tool->spec().outside || !tool->spec().author.empty(); };
  return !agent.config.agents.empty() || !agent.config.handoffs.empty() || std::ranges::any_of(agent.tools, brings);
}

bool IsTaintedFor(const ToolSpec& spec, const std::set<std::string>& tainted_by) {
  const std::string own = DefinitionsOf(spec.author);
  return std::ranges::any_of(tainted_by, [&](const std::string& source) { return source != own; });
}

}  // namespace atelier
