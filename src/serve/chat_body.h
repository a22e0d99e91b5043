// The body of POST /v1/chat/completions.                       [OpenAI API reference, "Create chat completion"]
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/generation_body.h"

namespace atelier {

struct ChatBody {
  GenerationBody generation;
  std::vector<Json> messages;
  std::optional<int64_t> max_completion_tokens;
  bool logprobs = false;
  std::optional<int64_t> top_logprobs;
  Json documents, chat_template_kwargs;
  std::optional<std::string> chat_template, reasoning_effort, verbosity;
  bool add_generation_prompt = true, continue_final_message = false, add_special_tokens = false;
  std::optional<int64_t> truncate_prompt_tokens;
  std::map<std::string, std::string> metadata;

  static Fields Describe();
};

// The request that a body makes; errors name the parameter.
Result<GenerationRequest> ChatRequest(const ChatBody& body);

}  // namespace atelier
