#include "serve/chat_body.h"

#include <utility>

namespace atelier {

ChatMessage ChatMessage::Of(std::string role, std::string content) {
  ChatMessage message;
  message.role = std::move(role);
  message.content = std::move(content);
  return message;
}

Fields ChatMessage::Describe() {
  using M = ChatMessage;
  static constexpr Field fields[] = {
      Key<&M::role>("role", "who speaks; developer is another name for system")
          .Required()
          .OneOf("system|developer|user|assistant|tool|function"),
      Key<&M::content>("content", "a text, or parts of type text (or refusal)"),
      Key<&M::name>("name", "of the speaker, for templates that place it"),
      Key<&M::tool_calls>("tool_calls", "what the assistant called, for templates that place it"),
      Key<&M::tool_call_id>("tool_call_id", "which call a tool's message answers"),
      Key<&M::function_call>("function_call", "the older form of tool_calls"),
      Key<&M::reasoning>("reasoning", "what the assistant thought, for templates that place it"),
      Key<&M::reasoning_content>("reasoning_content", "the same under its older name"),
      Key<&M::thinking>("thinking", "the same as some templates name it"),
      Ignored("refusal", "an assistant's refusal, as replies carry it"),
      Ignored("annotations", "as replies carry them"),
      Unsupported("audio", "no model here hears").UnlessIs("{}"),
  };
  return fields;
}

Fields ChatBody::Describe() {
  using B = ChatBody;
  static constexpr Field fields[] = {
      Key<&B::messages>("messages", "the conversation so far, at least one message").Required().AtMostItems(100000),
      Inline<&B::generation>(),
      Key<&B::max_completion_tokens>("max_completion_tokens", "most tokens of a choice").Between(0, 2147483647),
      Key<&B::logprobs>("logprobs", "give each token's log probability"),
      Key<&B::top_logprobs>("top_logprobs", "and of the likeliest tokens in its place").Between(0, kMaxLogprobs),
      Key<&B::reasoning_effort>("reasoning_effort", "a variable of the chat template, for models that know it")
          .OneOf("none|minimal|low|medium|high|xhigh|max"),
      Key<&B::verbosity>("verbosity", "a variable of the chat template, for models that know it")
          .OneOf("low|medium|high"),
      Key<&B::documents>("documents", "documents for templates that place them"),
      Key<&B::chat_template>("chat_template", "a Jinja template in place of the model's own").AtMostBytes(1 << 20),
      Key<&B::chat_template_kwargs>("chat_template_kwargs", "further variables of the template"),
      Key<&B::add_generation_prompt>("add_generation_prompt", "open the assistant's turn"),
      Key<&B::continue_final_message>("continue_final_message", "go on with the last message instead"),
      Key<&B::add_special_tokens>("add_special_tokens", "what the tokenizer adds, beside what the template writes"),
      Key<&B::truncate_prompt_tokens>("truncate_prompt_tokens", "keep only so many of the prompt's last tokens")
          .Between(1, 2147483647),
      Key<&B::metadata>("metadata", "up to 16 texts, kept with the trace").AtMostItems(16).AtMostBytes(512),
      Key<&B::store>("store", "keep the completion and its messages, to be had by its id"),
      Ignored("service_tier", "accepted without effect"),
      Ignored("safety_identifier", "accepted without effect"),
      Ignored("prompt_cache_key", "prefixes are shared by content"),
      Ignored("prompt_cache_options", "prefixes are shared by content"),
      Ignored("prompt_cache_retention", "accepted without effect"),
      Ignored("prediction", "a hint that changes speed alone"),
      Key<&B::tools>("tools", "what the model may call").AtMostItems(kMaxTools),
      Key<&B::tool_choice>("tool_choice", "whether it may call, must call, or must call a certain one"),
      Key<&B::parallel_tool_calls>("parallel_tool_calls", "several calls in one answer"),
      Key<&B::thinking_token_budget>("thinking_token_budget", "end the reasoning after so many tokens")
          .Between(0, 2147483647),
      Key<&B::include_reasoning>("include_reasoning", "send the reasoning beside the answer"),
      Unsupported("functions", "the form before tools").UnlessIs("[]"),
      Unsupported("function_call", "the form before tool_choice").UnlessIs("\"none\"|\"auto\""),
      Unsupported("audio", "no model here speaks"),
      Unsupported("modalities", "no model here speaks").UnlessIs("[\"text\"]"),
      Unsupported("moderation", "there is no moderation model"),
      Unsupported("web_search_options", "there is no web search in this resource"),
      Unsupported("use_beam_search", "beam search").UnlessIs("false"),
      Unsupported("length_penalty", "beam search").UnlessIs("1"),
      Unsupported("mm_processor_kwargs", "no model here sees"),
      Unsupported("echo", "the prompt in front of the answer").UnlessIs("false"),
      Unsupported("logprob_token_ids", "logprobs of chosen ids"),
      Unsupported("truncation_side", "a prompt is cut at its beginning").UnlessIs("\"left\""),
  };
  return fields;
}

namespace {

Error InvalidMessage(size_t index, std::string_view part, std::string what) {
  return Error::Invalid("messages[" + std::to_string(index) + "]" + std::string(part), std::move(what))
      .WithCode("invalid_value");
}

// The words of one part of a content; parts that no text model can read are named.
Result<std::string> PartText(const Json& part, size_t index, const std::string& where) {
  const Json& type = part["type"];
  if (!type.is_string()) return InvalidMessage(index, where + ".type", "got nothing, want \"text\"");
  const bool refusal = type.AsString() == "refusal";
  if (type.AsString() != "text" && !refusal) {
    return Error::Unsupported("messages[" + std::to_string(index) + "]" + where + ".type",
                              "got \"" + type.AsString() + "\", want \"text\": this model reads text alone")
        .WithCode("unsupported_parameter");
  }
  const Json& words = part[refusal ? "refusal" : "text"];
  if (!words.is_string()) return InvalidMessage(index, where + ".text", "got nothing, want a string");
  return words.AsString();
}

Result<Json> PlainContent(const Json& content, size_t index) {
  if (content.is_null() || content.is_string()) return content;
  if (!content.is_array()) {
    return InvalidMessage(index, ".content", "got " + std::string(content.TypeName()) + ", want a string or an array");
  }
  std::string text;
  for (int64_t i = 0; i < content.size(); ++i) {
    TRY(const std::string words, PartText(content[i], index, ".content[" + std::to_string(i) + "]"));
    text += words;
  }
  return Json(std::move(text));
}

// As templates read it.
Result<Json> PlainMessage(const ChatMessage& message, size_t index) {
  TRY(Json content, PlainContent(message.content, index));
  if (content.is_null() && message.role != "assistant") {
    return InvalidMessage(index, ".content", "got nothing, want a string or an array");
  }
  // Templates know the older name.
  Json plain = Json::Object({{"role", message.role == "developer" ? "system" : message.role}});
  plain.Set("content", std::move(content));
  const std::pair<const char*, const std::optional<std::string>*> texts[] = {
      {"name", &message.name},
      {"tool_call_id", &message.tool_call_id},
      {"reasoning", &message.reasoning},
      {"reasoning_content", &message.reasoning_content},
      {"thinking", &message.thinking}};
  for (const auto& [name, text] : texts) {
    if (*text) plain.Set(name, **text);
  }
  if (!message.tool_calls.empty()) {
    Json calls = Json::Array();
    for (const Json& call : message.tool_calls) calls.Push(call);
    plain.Set("tool_calls", std::move(calls));
  }
  if (!message.function_call.is_null()) plain.Set("function_call", message.function_call);
  return plain;
}

}  // namespace

Result<GenerationRequest> ChatRequest(const ChatBody& body) {
  if (body.messages.empty()) {
    return Error::Invalid("messages", "got no message, want at least one").WithCode("invalid_value");
  }
  GenerationRequest request;
  request.model = body.generation.model.value_or("");
  TRY(request.options, body.generation.Options());
  GenerateRequest& options = request.options.request;
  if (body.max_completion_tokens) options.max_tokens = body.max_completion_tokens;
  if (body.top_logprobs && !body.logprobs) {
    return Error::Invalid("top_logprobs", "got it without logprobs, want logprobs: true").WithCode("invalid_value");
  }
  if (body.logprobs) options.logprobs = static_cast<int32_t>(body.top_logprobs.value_or(0));
  if (body.generation.stream && options.prompt_logprobs) {
    return Error::Invalid("prompt_logprobs", "got it beside stream, want one of the two").WithCode("invalid_value");
  }
  request.options.truncate_prompt_tokens = body.truncate_prompt_tokens;
  request.options.thinking_token_budget = body.thinking_token_budget;

  ChatPrompt prompt;
  TRY(prompt.tool_use, ToolUseOf(body.tools, body.tool_choice, body.parallel_tool_calls));
  prompt.messages = Json::Array();
  for (size_t i = 0; i < body.messages.size(); ++i) {
    TRY(Json message, PlainMessage(body.messages[i], i));
    prompt.messages.Push(std::move(message));
  }
  prompt.documents = body.documents;
  prompt.template_kwargs = body.chat_template_kwargs;
  if (!prompt.template_kwargs.is_null() && !prompt.template_kwargs.is_object()) {
    return Error::Invalid("chat_template_kwargs",
                          "got " + std::string(prompt.template_kwargs.TypeName()) + ", want an object")
        .WithCode("invalid_type");
  }
  if (body.reasoning_effort) prompt.template_kwargs.Set("reasoning_effort", *body.reasoning_effort);
  if (body.verbosity) prompt.template_kwargs.Set("verbosity", *body.verbosity);
  prompt.chat_template = body.chat_template;
  prompt.add_generation_prompt = body.add_generation_prompt;
  prompt.continue_final_message = body.continue_final_message;
  prompt.add_special_tokens = body.add_special_tokens;
  if (prompt.continue_final_message && prompt.add_generation_prompt) {
    return Error::Invalid("continue_final_message", "got it beside add_generation_prompt, want one of the two")
        .WithCode("invalid_value");
  }
  request.prompt = std::move(prompt);
  return request;
}

}  // namespace atelier
