// A model's chat template: from messages to the text that the model was trained on. Renders what transformers'
// apply_chat_template renders, byte for byte, including its ways with reasoning fields and continue_final_message.
//
//   TRY(const auto chat, ChatTemplate::Parse(gguf_chat_template));
//   TRY(const RenderedChat prompt, chat.Render({.messages = messages, .add_generation_prompt = true}));
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/jinja.h"
#include "base/text/json.h"

namespace atelier {

struct ChatInput {
  Json messages = {};   // array of objects with a role; content may be text, an array of parts or null
  Json tools = {};      // array of JSON-schema tools, or null
  Json documents = {};  // array of objects with title and text, or null
  bool add_generation_prompt = false;
  // "content" or a reasoning field: the last message is left open there, for the model to go on. Empty: no.
  std::string continue_field = {};
  // What the tokenizer has; a template sees an absent one as undefined.
  std::optional<std::string> bos_token = {}, eos_token = {};
  Json extra = {};   // object: more variables (chat_template_kwargs); they win over the tokens above
  std::tm now = {};  // local time, for strftime_now
};

struct RenderedChat {
  std::string text;
  std::vector<JinjaSpan> generations;  // bytes that {% generation %} marks as the assistant's, for training masks
};

class ChatTemplate {
 public:
  // Errors name the line. A template may be up to kMaxSourceBytes long.
  static constexpr size_t kMaxSourceBytes = 1 << 20;
  static Result<ChatTemplate> Parse(std::string_view source);

  // Errors have "chat template: line N" as their place, or name what is wrong with the input ("messages[2]: ...");
  // what the template itself refuses (raise_exception) has the code "template_raised". All are the caller's to mend.
  // Thread-safe.
  Result<RenderedChat> Render(const ChatInput& input) const;

  const std::string& source() const { return source_; }

 private:
  ChatTemplate(std::string source, JinjaTemplate parsed) : source_(std::move(source)), template_(std::move(parsed)) {}

  std::string source_;
  JinjaTemplate template_;
};

}  // namespace atelier
