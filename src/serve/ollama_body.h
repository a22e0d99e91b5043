// The bodies of POST /api/chat and /api/generate.                                         [Ollama's docs/api.md]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "provider/language_model.h"
#include "serve/ollama_options.h"

namespace atelier {

// What both have.
struct OllamaBody {
  std::string model;
  OllamaOptions options;
  Json format;  // "json", or a schema
  Json think;   // whether, or "low", "medium", "high"
  std::optional<Json> keep_alive;
  bool stream = true, truncate = true, logprobs = false;
  std::optional<int64_t> top_logprobs;
  static Fields Describe();

  bool WantsThinking() const;
  // keep_alive: 0, and nothing asked.
  bool UnloadsAtOnce() const;
  // All but the prompt. Errors name the parameter.
  Result<GenerationOptions> Options() const;
  // Templates that can leave thinking out ask for enable_thinking; a budget of nothing keeps it out of the others.
  Result<void> SetThinking(ChatPrompt& prompt, GenerationOptions& to) const;
};

struct OllamaFunction {
  std::string name, description;
  Json parameters;
  static Fields Describe();
};

struct OllamaTool {
  std::string type = "function";
  OllamaFunction function;
  static Fields Describe();
};

struct OllamaMessage {
  std::string role, content;
  std::optional<std::string> thinking, tool_name, tool_call_id;
  std::vector<Json> tool_calls;
  static Fields Describe();
};

struct OllamaChatBody {
  OllamaBody common;
  std::vector<OllamaMessage> messages;
  std::vector<OllamaTool> tools;
  Json tool_choice;
  std::optional<std::string> chat_template;
  Json chat_template_kwargs;
  static Fields Describe();

  Result<GenerationRequest> Request() const;
};

struct OllamaGenerateBody {
  OllamaBody common;
  std::string prompt, suffix, system;
  std::optional<std::string> chat_template;  // "template"
  bool raw = false;
  std::vector<int64_t> context;
  static Fields Describe();

  // `has_template`: the model has one; without, the prompt is read as it stands.
  Result<GenerationRequest> Request(bool has_template) const;
};

// The messages as templates read them: OpenAI's, calls with ids that their results name.
Result<Json> OllamaConversation(const std::vector<OllamaMessage>& messages);

}  // namespace atelier
