// The body of POST /v1/chat/completions.                       [OpenAI API reference, "Create chat completion"]
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/generation_body.h"
#include "serve/tool_body.h"

namespace atelier {

// One message. Texts of parts have been joined by whoever reads it (ChatRequest).
struct ChatMessage {
  std::string role;
  Json content;
  std::optional<std::string> name, tool_call_id, reasoning, reasoning_content, thinking;
  std::vector<Json> tool_calls;
  Json function_call;

  static ChatMessage Of(std::string role, std::string content);
  static Fields Describe();
};

struct ChatBody {
  GenerationBody generation;
  std::vector<ChatMessage> messages;
  std::optional<int64_t> max_completion_tokens;
  bool logprobs = false;
  std::optional<int64_t> top_logprobs;
  Json documents, chat_template_kwargs;
  std::optional<std::string> chat_template, reasoning_effort, verbosity;
  bool add_generation_prompt = true, continue_final_message = false, add_special_tokens = false;
  std::optional<int64_t> truncate_prompt_tokens;
  std::vector<ToolBody> tools;
  Json tool_choice;
  bool parallel_tool_calls = true;
  std::optional<int64_t> thinking_token_budget;
  bool include_reasoning = true, store = false;
  std::map<std::string, std::string> metadata;

  static Fields Describe();
};

// The request that a body makes; errors name the parameter.
Result<GenerationRequest> ChatRequest(const ChatBody& body);

}  // namespace atelier
