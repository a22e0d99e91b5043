// For tests of workflows: one made of JSON, as an agent that a life (agent_testing.h) can run.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "agent/agent_testing.h"
#include "agent/workflow/workflow.h"
#include "base/text/describe_json.h"

namespace atelier {

inline Result<WorkflowConfig> WorkflowOf(std::string_view json) {
  TRY(const Json read, Json::Parse(json));
  return ReadJson<WorkflowConfig>(read);
}

// Models are called what the configuration calls them, the default "m".
inline Result<Agent> WorkflowAgent(std::string_view json, AgentTools tools = {}, WorkflowSurroundings around = {}) {
  TRY(WorkflowConfig config, WorkflowOf(json));
  Agent agent;
  agent.config.name = config.name, agent.config.model = "m", agent.config.limits = config.limits;
  agent.tools = std::move(tools);
  around.tools = &agent.tools;
  const auto find_model = [](const std::string& name) -> Result<std::string> { return name.empty() ? "m" : name; };
  TRY(agent.program, Workflow::Create(std::move(config), around, find_model));
  return agent;
}

// The last message of what a model is asked.
inline std::string AskedLast(const GenerationRequest& request) {
  const Json& messages = std::get<ChatPrompt>(request.prompt).messages;
  return messages[messages.size() - 1]["content"].AsString();
}

// Tells its argument "x" back, in capitals where it is a text.
inline std::shared_ptr<AgentTool> ShoutTool(std::string name, int* num_made = nullptr) {
  ToolSpec spec;
  spec.name = std::move(name), spec.outside = false;
  Json text = Json::Object({{"type", "string"}});
  spec.parameters = Json::Object(
      {{"type", "object"}, {"properties", Json::Object({{"x", std::move(text)}})}, {"required", Json::Array({"x"})}});
  return std::make_shared<FunctionTool>(std::move(spec), [num_made](const ToolCallInfo&, const Json& arguments) {
    if (num_made) ++*num_made;
    std::string said = arguments["x"].AsString();
    for (char& c : said) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return ToolOutput{.text = said};
  });
}

}  // namespace atelier
