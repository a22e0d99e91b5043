// The body of POST /v1/messages and /v1/messages/count_tokens.                [Anthropic API reference, "Messages"]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "provider/language_model.h"

namespace atelier {

struct AnthropicMessage {
  std::string role;
  Json content;  // a text or blocks
  static Fields Describe();
};

struct AnthropicTool {
  std::string name, description;
  Json input_schema;
  std::optional<std::string> type;  // "custom", or one of Anthropic's own
  std::optional<bool> strict;       // a schema is kept with or without
  static Fields Describe();
};

struct AnthropicToolChoice {
  std::string type, name;
  bool disable_parallel_tool_use = false;
  static Fields Describe();
};

struct AnthropicThinking {
  std::string type;
  std::optional<int64_t> budget_tokens;
  std::optional<std::string> display;
  static Fields Describe();
};

struct AnthropicOutputFormat {
  std::string type;
  Json schema;
  static Fields Describe();
};

struct AnthropicOutputConfig {
  std::optional<std::string> effort;
  std::optional<AnthropicOutputFormat> format;
  static Fields Describe();
};

// What decides the prompt: all of a count's body.
struct MessagesPromptBody {
  std::optional<std::string> model;
  std::vector<AnthropicMessage> messages;
  Json system;  // a text or blocks of text
  std::vector<AnthropicTool> tools;
  std::optional<AnthropicToolChoice> tool_choice;
  std::optional<AnthropicThinking> thinking;
  std::optional<AnthropicOutputConfig> output_config;
  std::optional<std::string> chat_template;
  Json chat_template_kwargs;
  static Fields Describe();

  // The request without its sampling. Errors name the parameter.
  Result<GenerationRequest> Request() const;
};

struct AnthropicMetadata {
  std::optional<std::string> user_id;
  static Fields Describe();
};

struct MessagesBody {
  MessagesPromptBody prompt;
  int64_t max_tokens = 0;
  bool stream = false;
  std::vector<std::string> stop_sequences;
  std::optional<double> temperature, top_p;
  std::optional<int64_t> top_k;
  std::optional<AnthropicMetadata> metadata;
  static Fields Describe();

  Result<GenerationRequest> Request() const;
  bool ShowsThinking() const { return !prompt.thinking || prompt.thinking->display != "omitted"; }
};

// A block of thinking carries a signature. Where the thinking itself is left out, its signature brings it back.
std::string ThinkingSignature(const std::string& thinking, bool is_shown);

// The conversation as templates read it: OpenAI's messages. Consecutive turns of the user are one. Errors begin with
// "messages" or "system". `ends_open`: the last message is the beginning of the answer.
struct AnthropicConversation {
  Json messages = Json::Array();
  bool ends_open = false;
};
Result<AnthropicConversation> ConversationOf(const Json& system, const std::vector<AnthropicMessage>& messages);

}  // namespace atelier
