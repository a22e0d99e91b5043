// What an answer may be, as one grammar: reasoning where the model reasons, then a text, calls of tools, or what the
// request wants the answer to be. The grammar is a structural tag in the words of the model's own syntax, so a call
// that is made parses and keeps its tool's schema, whatever model made it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/grammar/grammar.h"
#include "model/chat/chat_syntax.h"
#include "provider/tool_use.h"

namespace atelier {

// Where a prompt leaves the model's reasoning.
enum class ReasoningState {
  kNone,  // the model doesn't reason, or is not to
  kMayBegin,
  kOpened,  // the prompt has begun it
};

struct ReplyPlan {
  const ChatSyntax* syntax = nullptr;  // with calls where `use` has tools
  const ToolUse* use = nullptr;
  const GrammarSpec* answer = nullptr;  // null: any text
  ReasoningState reasoning = ReasoningState::kNone;
};

// None: any text will do.   Errors: a tool's parameters that arguments between tags cannot keep (Unsupported, `where`
// is "tools[i]...").
Result<std::optional<GrammarSpec>> ReplyGrammar(const ReplyPlan& plan);

// Whether arguments between tags give this parameter's value as a text without quotes; else it is JSON.
bool IsPlainText(const Json& schema);
// The schema of what stands in place of a custom tool's arguments.
Json InputSchema(const Tool& tool);
// A custom tool whose input is of a grammar writes it where others write arguments.
inline bool HasRawInput(const Tool& tool) {
  return tool.custom && tool.input && tool.input->kind == GrammarSpec::Kind::kGrammar;
}

}  // namespace atelier
