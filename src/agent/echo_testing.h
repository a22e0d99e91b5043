// For tests of agents: a tool that says what it was given, an agent that has it, and scripts of a model that calls it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "agent/agent_testing.h"

namespace atelier {

inline ToolSpec Spec(std::string name) {
  ToolSpec spec;
  spec.name = std::move(name);
  Json text = Json::Object({{"type", "string"}});
  spec.parameters = Json::Object(
      {{"type", "object"}, {"properties", Json::Object({{"x", std::move(text)}})}, {"required", Json::Array({"x"})}});
  return spec;
}

inline std::shared_ptr<AgentTool> Echo(ToolSpec spec, int* num_made = nullptr) {
  return std::make_shared<FunctionTool>(std::move(spec), [num_made](const ToolCallInfo&, const Json& arguments) {
    if (num_made) ++*num_made;
    return ToolOutput{.text = "said " + arguments["x"].AsString()};
  });
}

inline Agent AgentWith(AgentTools tools) {
  Agent agent;
  agent.config.name = "tester", agent.config.model = "m";
  agent.tools = std::move(tools);
  return agent;
}

inline const Json& Messages(const GenerationRequest& request) { return std::get<ChatPrompt>(request.prompt).messages; }
inline std::string LastContent(const GenerationRequest& request) {
  const Json& messages = Messages(request);
  return messages[messages.size() - 1]["content"].AsString();
}
inline bool IsFirst(const GenerationRequest& request) {
  const Json& messages = Messages(request);
  return messages[messages.size() - 1]["role"] == Json("user");
}
// Calls once, then answers with what came back.
inline Said CallThenTell(const GenerationRequest& request) {
  if (IsFirst(request)) return Said::Calling("echo", R"({"x":"hi"})");
  return {.text = "It " + LastContent(request)};
}

class AgentTest : public ::testing::Test {
 protected:
  std::filesystem::path folder() const { return folder_.path(); }

 private:
  TestFolder folder_;
};

}  // namespace atelier
