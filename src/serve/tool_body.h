// What a chat's body says of tools: functions, and custom tools that take a text.  [OpenAI API reference, "Chat"]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "provider/tool_use.h"

namespace atelier {

struct FunctionBody {
  std::string name, description;
  Json parameters;
  std::optional<bool> strict;  // a schema is kept with or without
  static Fields Describe();
};

struct ToolGrammarBody {
  std::string syntax, definition;
  static Fields Describe();
};

struct InputFormatBody {
  std::string type;
  std::optional<ToolGrammarBody> grammar;
  std::optional<std::string> syntax, definition;  // where /v1/responses says them
  static Fields Describe();
};

struct CustomToolBody {
  std::string name, description;
  std::optional<InputFormatBody> format;
  static Fields Describe();
};

struct ToolBody {
  std::string type;
  std::optional<FunctionBody> function;
  std::optional<CustomToolBody> custom;
  static Fields Describe();
};

inline constexpr int64_t kMaxTools = 1024;

// A tool as the provider takes it. Errors name the member.
Result<Tool> FunctionTool(const FunctionBody& body);
Result<Tool> CustomTool(const CustomToolBody& body);

// `choice`: "none", "auto", "required", {"type": "function" | "custom", name} or {"type": "allowed_tools", ...}, names
// directly or under the type's name. Errors name the parameter.
Result<ToolUse> ToolUseOf(const std::vector<ToolBody>& tools, const Json& choice, bool parallel);
Result<void> SetToolChoice(const Json& choice, ToolUse& use);
Result<void> AddTool(Tool tool, ToolUse& use);

}  // namespace atelier
