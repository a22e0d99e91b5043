#include "serve/ollama_body.h"

#include <algorithm>
#include <utility>

#include "app/keep_alive.h"
#include "model/chat/chat_template.h"
#include "serve/tool_body.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTopLogprobs = 20;

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

Result<std::optional<GrammarSpec>> FormatOf(const Json& format) {
  if (format.is_null() || format == Json("")) return std::optional<GrammarSpec>();
  GrammarSpec spec;
  spec.where = "format";
  spec.style = JsonStyle::Served();
  if (format.is_object()) {
    spec.schema = format;
  } else if (format == Json("json")) {
    spec.schema = Json::Object({{"type", "object"}});
  } else {
    return Wrong("format", "got " + format.Dump().substr(0, 40) + ", want \"json\" or a JSON Schema");
  }
  return std::optional<GrammarSpec>(std::move(spec));
}

Result<ToolUse> ToolsOf(const std::vector<OllamaTool>& tools, const Json& choice) {
  ToolUse use;
  for (size_t i = 0; i < tools.size(); ++i) {
    const std::string where = "tools[" + std::to_string(i) + "].function";
    FunctionBody function;
    function.name = tools[i].function.name;
    function.description = tools[i].function.description;
    function.parameters = tools[i].function.parameters;
    Result<Tool> tool = FunctionTool(function);
    if (!tool.ok()) return std::move(tool).error().Under(where);
    Result<void> added = AddTool(std::move(*tool), use);
    if (!added.ok()) return std::move(added).error().Under(where);
  }
  TRY_VOID(SetToolChoice(choice, use));
  return use;
}

// Named as this API names it, where the model would speak of chat_template.
Result<void> CheckTemplate(const std::optional<std::string>& given) {
  if (!given) return {};
  const auto parsed = ChatTemplate::Parse(*given);
  if (parsed.ok()) return {};
  return Error::Invalid("template", parsed.error().Message()).WithCode("chat_template_error");
}

}  // namespace

Fields OllamaBody::Describe() {
  using B = OllamaBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of a model, with or without \":latest\"; without, the default one"),
      Key<&B::stream>("stream", "answer as lines of JSON while it is made; true unless given"),
      Key<&B::format>("format", "what the answer must be: \"json\" or a JSON Schema"),
      Key<&B::options>("options", "how tokens are chosen"),
      Key<&B::think>("think", "whether a model that can thinks first; low, medium and high are told to its template"),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded, as \"5m\" or seconds; negative: for ever"),
      Key<&B::truncate>("truncate", "of what is over the context leave out the oldest; true unless given"),
      Key<&B::logprobs>("logprobs", "give each token's log probability"),
      Key<&B::top_logprobs>("top_logprobs", "and of the likeliest tokens in its place").Between(0, kMaxTopLogprobs),
      Ignored("shift", "a full context ends the answer"),
  };
  return fields;
}

bool OllamaBody::WantsThinking() const { return !think.is_null() && think != Json(false); }

bool OllamaBody::UnloadsAtOnce() const {
  if (!keep_alive) return false;
  const auto time = ParseKeepAlive(*keep_alive);
  return time.ok() && time->count() == 0;
}

Result<GenerationOptions> OllamaBody::Options() const {
  Result<GenerationOptions> read = options.Read();
  if (!read.ok()) return std::move(read).error().Under("options");
  TRY(read->grammar, FormatOf(format));
  if (top_logprobs && *top_logprobs > 0 && !logprobs) {
    return Wrong("top_logprobs", "got it without logprobs, want logprobs: true");
  }
  if (logprobs) read->request.logprobs = static_cast<int32_t>(top_logprobs.value_or(0));
  if (keep_alive) {
    TRY(read->keep_alive, ParseKeepAlive(*keep_alive));
  }
  return read;
}

Result<void> OllamaBody::SetThinking(ChatPrompt& prompt, GenerationOptions& to) const {
  if (think.is_null()) return {};
  if (think.is_string()) {
    constexpr std::string_view kLevels[] = {"low", "medium", "high", "max"};
    if (std::ranges::find(kLevels, think.AsString()) == std::end(kLevels)) {
      return Wrong("think", "got " + think.Dump().substr(0, 40) + ", want true, false, low, medium, high or max");
    }
    prompt.template_kwargs.Set("reasoning_effort", think);
  } else if (!think.is_bool()) {
    return Wrong("think", "got " + std::string(think.TypeName()) + ", want true, false, low, medium, high or max");
  }
  if (think == Json(false)) to.thinking_token_budget = 0;
  prompt.template_kwargs.Set("enable_thinking", WantsThinking());
  return {};
}

Fields OllamaFunction::Describe() {
  using F = OllamaFunction;
  static constexpr Field fields[] = {
      Key<&F::name>("name", "of the function").Required(),
      Key<&F::description>("description", "what it does, for the model").AtMostBytes(1 << 16),
      Key<&F::parameters>("parameters", "a JSON Schema that the arguments keep"),
      Ignored("strict", "a schema is kept with or without it"),
      Ignored("type", "as some clients send it"),
  };
  return fields;
}

Fields OllamaTool::Describe() {
  static constexpr Field fields[] = {
      Key<&OllamaTool::type>("type", "of the tool").OneOf("function"),
      Key<&OllamaTool::function>("function", "its name and parameters").Required(),
  };
  return fields;
}

Fields OllamaMessage::Describe() {
  using M = OllamaMessage;
  static constexpr Field fields[] = {
      Key<&M::role>("role", "who speaks").Required().OneOf("system|user|assistant|tool"),
      Key<&M::content>("content", "what is said"),
      Key<&M::thinking>("thinking", "what the assistant thought, for templates that place it"),
      Key<&M::tool_calls>("tool_calls", "what the assistant called; arguments are an object"),
      Key<&M::tool_name>("tool_name", "which function a tool's message is the result of"),
      Key<&M::tool_call_id>("tool_call_id", "which call it answers; without, the oldest of that name"),
      Unsupported("images", "no model here sees").UnlessIs("[]"),
  };
  return fields;
}

Fields OllamaChatBody::Describe() {
  using B = OllamaChatBody;
  static constexpr Field fields[] = {
      Key<&B::messages>("messages",
                        "the conversation so far; without, the model is loaded, or with keep_alive 0 unloaded")
          .AtMostItems(100000),
      Inline<&B::common>(),
      Key<&B::tools>("tools", "what the model may call").AtMostItems(kMaxTools),
      Key<&B::tool_choice>("tool_choice", "OpenAI's: whether it may call, must call, or must call a certain one"),
      Key<&B::chat_template>("chat_template", "a Jinja template in place of the model's own").AtMostBytes(1 << 20),
      Key<&B::chat_template_kwargs>("chat_template_kwargs", "further variables of the template"),
  };
  return fields;
}

Result<GenerationRequest> OllamaChatBody::Request() const {
  GenerationRequest request;
  TRY(request.options, common.Options());
  ChatPrompt prompt;
  TRY(prompt.messages, OllamaConversation(messages));
  TRY(prompt.tool_use, ToolsOf(tools, tool_choice));
  prompt.chat_template = chat_template;
  prompt.template_kwargs = chat_template_kwargs;
  if (!prompt.template_kwargs.is_null() && !prompt.template_kwargs.is_object()) {
    return Wrong("chat_template_kwargs", "got " + std::string(prompt.template_kwargs.TypeName()) + ", want an object");
  }
  TRY_VOID(common.SetThinking(prompt, request.options));
  // A last turn of the assistant is the beginning of its answer.
  prompt.continue_final_message =
      !messages.empty() && messages.back().role == "assistant" && messages.back().tool_calls.empty();
  prompt.add_generation_prompt = !prompt.continue_final_message;
  request.prompt = std::move(prompt);
  return request;
}

Fields OllamaGenerateBody::Describe() {
  using B = OllamaGenerateBody;
  static constexpr Field fields[] = {
      Key<&B::prompt>("prompt", "what is asked; without, the model is loaded, or with keep_alive 0 unloaded"),
      Inline<&B::common>(),
      Key<&B::suffix>("suffix", "what comes behind the answer, for models that fill in the middle"),
      Key<&B::system>("system", "instructions"),
      Key<&B::chat_template>("template", "a Jinja template in place of the model's own (not one of Go)")
          .AtMostBytes(1 << 20),
      Key<&B::raw>("raw", "read the prompt as it stands, without a template"),
      Key<&B::context>("context", "of an earlier answer: goes before this prompt").Between(0, 2147483647),
      Unsupported("images", "no model here sees").UnlessIs("[]"),
      Unsupported("width", "no model here draws").UnlessIs("0"),
      Unsupported("height", "no model here draws").UnlessIs("0"),
      Unsupported("steps", "no model here draws").UnlessIs("0"),
  };
  return fields;
}

Result<GenerationRequest> OllamaGenerateBody::Request(bool has_template) const {
  GenerationRequest request;
  TRY(request.options, common.Options());
  TRY_VOID(CheckTemplate(chat_template));
  if (raw && (chat_template || !system.empty() || !context.empty())) {
    return Wrong("raw", "got it beside template, system or context, want one or the other");
  }
  if (!suffix.empty()) {
    request.prompt = InfillPrompt{.prefix = prompt, .suffix = suffix, .middle = {}, .extras = {}};
    return request;
  }
  if (raw || (!has_template && !chat_template)) {
    const std::string text = system.empty() ? prompt : system + "\n" + prompt;
    request.prompt = TextPrompt{.text = text, .add_special_tokens = true, .parse_special = true};
    return request;
  }
  ChatPrompt chat;
  chat.messages = Json::Array();
  if (!system.empty()) chat.messages.Push(Json::Object({{"role", "system"}, {"content", system}}));
  chat.messages.Push(Json::Object({{"role", "user"}, {"content", prompt}}));
  chat.chat_template = chat_template;
  TRY_VOID(common.SetThinking(chat, request.options));
  request.prompt = std::move(chat);
  return request;
}

}  // namespace atelier
