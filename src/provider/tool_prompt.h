// A conversation with tools as a model's template takes it. Templates differ in whether they take the arguments of
// calls as text or as objects, and in how ids look; some show no tools, or no calls, and then the conversation says in
// words what is missing:
//
//   system     what may be called, and how a call is written (ChatSyntax::DefaultCalls where the template has no way)
//   assistant  calls, written so
//   user       <tool_response> … </tool_response> for what tools answered
#pragma once

#include "base/result.h"
#include "base/text/json.h"
#include "model/chat/chat_syntax.h"
#include "provider/tool_use.h"

namespace atelier {

struct ToolPrompt {
  Json messages;
  Json tools;  // for the template; null: none
};

// `own`: of the model's template. Errors: arguments of an earlier call that are no JSON object; `where` is
// "messages[i]...".
Result<ToolPrompt> PrepareToolPrompt(const ChatSyntax& own, const Json& messages, const ToolUse& use);

}  // namespace atelier
