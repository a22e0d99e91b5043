// Asks a model, as a step of a run: what it answers is journalled, and told as it comes.
#pragma once

#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/agent_conversation.h"
#include "provider/gathered.h"

namespace atelier {

struct ModelAnswer {
  std::string text, reasoning;
  std::vector<GatheredCall> calls;
  bool was_cut = false;    // by max_answer_tokens, or the context's end
  bool timed_out = false;  // the run's seconds at work were over; there is nothing else
  Usage usage;
};

struct ModelQuestion {
  std::string path;
  const AgentConversation& conversation;
  ToolUse tools = {};
  Json output_schema = {};                  // of an answer without calls; null: text
  std::optional<GrammarSpec> grammar = {};  // what the answer must be, in place of output_schema
  int64_t max_tokens = 1024;
  bool quiet = false;  // what it says is no part of the run's answer: not told as it comes
};

// The call, to end where the run's seconds at work are over.
Call WithinLimits(Call call, const AgentWork& work);

// Errors: those of LanguageModel::Generate and of RunLog::Step.
Task<Result<ModelAnswer>> AskModel(Call call, AgentWork& work, const Agent& agent, ModelQuestion question);

// The answer as a message of the conversation.
Json AssistantMessage(const ModelAnswer& answer);

}  // namespace atelier
