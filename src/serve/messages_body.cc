#include "serve/messages_body.h"

#include <utility>

#include "serve/tool_body.h"

namespace atelier {
namespace {

constexpr double kMost = 2147483647;

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

Result<Tool> ToolOf(const AnthropicTool& body) {
  if (body.type && *body.type != "custom") {
    return Error::Unsupported("type",
                              "got \"" + *body.type + "\", want \"custom\": tools of Anthropic's own are not here")
        .WithCode("unsupported_parameter");
  }
  FunctionBody function;
  function.name = body.name;
  function.description = body.description;
  function.parameters = body.input_schema;
  Result<Tool> tool = FunctionTool(function);
  if (tool.ok()) return tool;
  Error error = std::move(tool).error();
  constexpr std::string_view kTheirs = "parameters";
  if (error.where.starts_with(kTheirs)) error.where = "input_schema" + error.where.substr(kTheirs.size());
  return error;
}

Result<void> Choose(const AnthropicToolChoice& choice, ToolUse& use) {
  use.parallel = !choice.disable_parallel_tool_use;
  if (choice.type == "tool") {
    if (choice.name.empty()) return Wrong("tool_choice.name", "got nothing, want the name of a tool");
    return SetToolChoice(Json::Object({{"type", "function"}, {"name", choice.name}}), use);
  }
  return SetToolChoice(Json(choice.type), use);
}

Result<ToolUse> ToolsOf(const MessagesPromptBody& body) {
  ToolUse use;
  for (size_t i = 0; i < body.tools.size(); ++i) {
    const std::string where = "tools[" + std::to_string(i) + "]";
    Result<Tool> tool = ToolOf(body.tools[i]);
    if (!tool.ok()) return std::move(tool).error().Under(where);
    Result<void> added = AddTool(std::move(*tool), use);
    if (!added.ok()) return std::move(added).error().Under(where);
  }
  if (body.tool_choice) TRY_VOID(Choose(*body.tool_choice, use));
  return use;
}

// Templates that can leave thinking out ask for enable_thinking; the budget keeps it out of the others.
Result<void> SetThinking(const AnthropicThinking& thinking, ChatPrompt& prompt, GenerationOptions& options) {
  if (thinking.type == "enabled") {
    if (!thinking.budget_tokens) return Wrong("thinking.budget_tokens", "got nothing, want a number of tokens");
    options.thinking_token_budget = thinking.budget_tokens;
  }
  if (thinking.type == "disabled") options.thinking_token_budget = 0;
  prompt.template_kwargs.Set("enable_thinking", thinking.type != "disabled");
  return {};
}

}  // namespace

Fields AnthropicMessage::Describe() {
  using M = AnthropicMessage;
  static constexpr Field fields[] = {
      Key<&M::role>("role", "who speaks").Required().OneOf("user|assistant|system"),
      Key<&M::content>("content", "a text, or blocks: text, tool_use, tool_result, thinking, search_result, document")
          .Required(),
      Unsupported("tools", "tools that begin with a message"),
      Unsupported("tool_choice", "tools that begin with a message"),
      Ignored("user_profile_id", "accepted without effect"),
      Ignored("workspace_id", "accepted without effect"),
  };
  return fields;
}

Fields AnthropicTool::Describe() {
  using T = AnthropicTool;
  static constexpr Field fields[] = {
      Key<&T::name>("name", "of the tool").Required(),
      Key<&T::input_schema>("input_schema", "a JSON Schema that its input keeps"),
      Key<&T::description>("description", "what it does, for the model").AtMostBytes(1 << 16),
      Key<&T::type>("type", "custom; tools of Anthropic's own are not here"),
      Key<&T::strict>("strict", "a schema is kept with or without it"),
      Ignored("cache_control", "prefixes are shared by content"),
      Ignored("defer_loading", "every tool is shown"),
      Ignored("eager_input_streaming", "input is sent as it comes"),
      Ignored("input_examples", "accepted without effect"),
      Unsupported("allowed_callers", "there is no code execution here").UnlessIs("[\"direct\"]"),
  };
  return fields;
}

Fields AnthropicToolChoice::Describe() {
  using C = AnthropicToolChoice;
  static constexpr Field fields[] = {
      Key<&C::type>("type", "whether tools may, must or must not be used").Required().OneOf("auto|any|tool|none"),
      Key<&C::name>("name", "with type tool: which"),
      Key<&C::disable_parallel_tool_use>("disable_parallel_tool_use", "at most one use in an answer"),
  };
  return fields;
}

Fields AnthropicThinking::Describe() {
  using T = AnthropicThinking;
  static constexpr Field fields[] = {
      Key<&T::type>("type", "adaptive and between_tools leave it to the model")
          .Required()
          .OneOf("enabled|disabled|adaptive|between_tools"),
      Key<&T::budget_tokens>("budget_tokens", "thinking ends after so many tokens").Between(1, kMost),
      Key<&T::display>("display", "omitted leaves the thoughts out; the signature brings them back next time")
          .OneOf("summarized|omitted"),
  };
  return fields;
}

Fields AnthropicOutputFormat::Describe() {
  using F = AnthropicOutputFormat;
  static constexpr Field fields[] = {
      Key<&F::type>("type", "what the output is").Required().OneOf("json_schema"),
      Key<&F::schema>("schema", "a JSON Schema that the output keeps").Required(),
  };
  return fields;
}

Fields AnthropicOutputConfig::Describe() {
  using C = AnthropicOutputConfig;
  static constexpr Field fields[] = {
      Key<&C::format>("format", "what the answer must be"),
      Key<&C::effort>("effort", "a variable of the chat template, for models that know it")
          .OneOf("low|medium|high|xhigh|max"),
  };
  return fields;
}

Fields MessagesPromptBody::Describe() {
  using B = MessagesPromptBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of a chat model; without, the default one"),
      Key<&B::messages>("messages", "the conversation so far; a last turn of the assistant is gone on with")
          .Required()
          .AtMostItems(100000),
      Key<&B::system>("system", "instructions, a text or blocks of text"),
      Key<&B::tools>("tools", "what the model may use").AtMostItems(kMaxTools),
      Key<&B::tool_choice>("tool_choice", "whether it may, must, or must use a certain one"),
      Key<&B::thinking>("thinking", "whether and how long the model thinks first, for models that do"),
      Key<&B::output_config>("output_config", "what the answer must be"),
      Key<&B::chat_template>("chat_template", "a Jinja template in place of the model's own").AtMostBytes(1 << 20),
      Key<&B::chat_template_kwargs>("chat_template_kwargs", "further variables of the template"),
      Ignored("cache_control", "prefixes are shared by content"),
      Unsupported("mcp_servers", "there are no connectors here").UnlessIs("[]"),
      Unsupported("context_management", "a conversation is read as it is"),
  };
  return fields;
}

Fields AnthropicMetadata::Describe() {
  static constexpr Field fields[] = {
      Key<&AnthropicMetadata::user_id>("user_id", "kept with the trace").AtMostBytes(512),
  };
  return fields;
}

Fields MessagesBody::Describe() {
  using B = MessagesBody;
  static constexpr Field fields[] = {
      Inline<&B::prompt>(),
      Key<&B::max_tokens>("max_tokens", "most tokens of the answer, thinking included").Required().Between(1, kMost),
      Key<&B::stream>("stream", "answer as server-sent events"),
      Key<&B::stop_sequences>("stop_sequences", "texts that end the answer").AtMostItems(64),
      Key<&B::temperature>("temperature", "0 is greedy").Between(0, 2),
      Key<&B::top_p>("top_p", "the smallest set of tokens with this much probability").Between(1e-9, 1),
      Key<&B::top_k>("top_k", "the k likeliest tokens; 0: all").Between(0, kMost),
      Key<&B::metadata>("metadata", "about the request"),
      Ignored("service_tier", "accepted without effect"),
      Ignored("inference_geo", "nothing leaves this machine"),
      Ignored("speed", "accepted without effect"),
      Ignored("diagnostics", "accepted without effect"),
      Ignored("user_profile_id", "accepted without effect"),
      Ignored("workspace_id", "accepted without effect"),
      Unsupported("container", "there is no code execution here"),
  };
  return fields;
}

Result<GenerationRequest> MessagesPromptBody::Request() const {
  GenerationRequest request;
  ChatPrompt prompt;
  TRY(AnthropicConversation conversation, ConversationOf(system, messages));
  prompt.messages = std::move(conversation.messages);
  prompt.chat_template = chat_template;
  prompt.template_kwargs = chat_template_kwargs;
  if (!prompt.template_kwargs.is_null() && !prompt.template_kwargs.is_object()) {
    return Wrong("chat_template_kwargs", "got " + std::string(prompt.template_kwargs.TypeName()) + ", want an object");
  }
  prompt.continue_final_message = conversation.ends_open;
  prompt.add_generation_prompt = !conversation.ends_open;
  TRY(prompt.tool_use, ToolsOf(*this));
  if (thinking) TRY_VOID(SetThinking(*thinking, prompt, request.options));
  if (output_config && output_config->effort) prompt.template_kwargs.Set("reasoning_effort", *output_config->effort);
  if (output_config && output_config->format) {
    GrammarSpec spec;
    spec.where = "output_config.format.schema";
    spec.schema = output_config->format->schema;
    spec.style = JsonStyle::Served();
    request.options.grammar = std::move(spec);
  }
  request.prompt = std::move(prompt);
  return request;
}

Result<GenerationRequest> MessagesBody::Request() const {
  const std::optional<int64_t> budget = prompt.thinking ? prompt.thinking->budget_tokens : std::nullopt;
  if (budget && *budget >= max_tokens) {
    return Wrong("thinking.budget_tokens", "got " + std::to_string(*budget) + ", want fewer than max_tokens (" +
                                               std::to_string(max_tokens) + ")");
  }
  TRY(GenerationRequest request, prompt.Request());
  GenerateRequest& asked = request.options.request;
  asked.max_tokens = max_tokens;
  asked.stop = stop_sequences;
  if (temperature) asked.sampling.temperature = static_cast<float>(*temperature);
  if (top_p) asked.sampling.top_p = static_cast<float>(*top_p);
  if (top_k) asked.sampling.top_k = static_cast<int32_t>(*top_k);
  return request;
}

}  // namespace atelier
