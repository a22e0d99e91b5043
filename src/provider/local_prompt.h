// From a prompt to the ids that a local model reads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/local_model.h"
#include "model/chat/chat_syntax.h"
#include "provider/language_model.h"
#include "provider/reply_grammar.h"

namespace atelier {

struct PreparedPrompt {
  std::vector<int32_t> tokens;
  std::string text;  // what was tokenised; empty for ids
  // Of conversations: how the model writes its reply, with a way to write calls where there are tools.
  std::shared_ptr<const ChatSyntax> syntax;
  ReasoningState reasoning = ReasoningState::kNone;
};

// Errors: a template that raises, a model without a template, ids outside the vocabulary, nothing at all.
Result<PreparedPrompt> PreparePrompt(const LocalModel& model, const Prompt& prompt, const Clock& clock);

// How many bytes of text a prompt holds, to decide where to prepare it.
int64_t PromptBytes(const Prompt& prompt);

}  // namespace atelier
