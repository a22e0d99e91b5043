#include "provider/anthropic_request.h"

#include <utility>

namespace atelier {
namespace {

Error OfMessage(int64_t index, std::string_view part, std::string what) {
  return Error::Invalid("messages[" + std::to_string(index) + "]" + std::string(part), std::move(what))
      .WithCode("invalid_value");
}

Json TextBlock(const std::string& text) { return Json::Object({{"type", "text"}, {"text", text}}); }

// A content is a text here, or parts that are.
std::string TextOf(const Json& content) {
  if (content.is_string()) return content.AsString();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content.items()) {
    if (part["text"].is_string()) text += part["text"].AsString();
  }
  return text;
}

Result<Json> CallBlock(const Json& call, int64_t index) {
  const Json& function = call["function"];
  if (!call["id"].is_string() || !function["name"].is_string()) {
    return OfMessage(index, ".tool_calls", "got a call without id or name, want both");
  }
  const std::string text = function["arguments"].is_string() ? function["arguments"].AsString() : "{}";
  Result<Json> input = Json::Parse(text.empty() ? "{}" : text);
  if (!input.ok() || !input->is_object()) {
    return OfMessage(index, ".tool_calls", "got arguments that are no JSON object");
  }
  Json block = Json::Object({{"type", "tool_use"}, {"id", call["id"]}, {"name", function["name"]}});
  block.Set("input", std::move(*input));
  return block;
}

Result<Json> AssistantBlocks(const Json& message, int64_t index) {
  Json blocks = Json::Array();
  if (const std::string text = TextOf(message["content"]); !text.empty()) blocks.Push(TextBlock(text));
  if (message.Has("function_call")) {
    return Error::Unsupported("messages[" + std::to_string(index) + "].function_call", "want tool_calls")
        .WithCode("unsupported_parameter");
  }
  if (message["tool_calls"].is_array()) {
    for (const Json& call : message["tool_calls"].items()) {
      TRY(Json block, CallBlock(call, index));
      blocks.Push(std::move(block));
    }
  }
  return blocks;
}

Json ResultBlock(const Json& message) {
  Json block = Json::Object({{"type", "tool_result"}, {"tool_use_id", message["tool_call_id"]}});
  block.Set("content", TextOf(message["content"]));
  return block;
}

struct Conversation {
  std::string system;
  Json messages = Json::Array();

  // Adds blocks to the last message where it is of the same role.
  void Add(std::string_view role, Json blocks) {
    if (blocks.empty()) return;
    const int64_t num = messages.size();
    if (num > 0 && messages[num - 1]["role"].AsString() == role) {
      for (Json& block : blocks.items()) messages[num - 1].Find("content")->Push(std::move(block));
      return;
    }
    Json message = Json::Object({{"role", role}});
    message.Set("content", std::move(blocks));
    messages.Push(std::move(message));
  }
};

Result<Conversation> ConversationOf(const Json& messages) {
  Conversation conversation;
  for (int64_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    const std::string role = message["role"].is_string() ? message["role"].AsString() : "";
    if (role == "system" || role == "developer") {
      conversation.system += (conversation.system.empty() ? "" : "\n\n") + TextOf(message["content"]);
    } else if (role == "assistant") {
      TRY(Json blocks, AssistantBlocks(message, i));
      conversation.Add("assistant", std::move(blocks));
    } else if (role == "tool") {
      if (!message["tool_call_id"].is_string()) return OfMessage(i, ".tool_call_id", "got none, want the call's id");
      conversation.Add("user", Json::Array({ResultBlock(message)}));
    } else {
      conversation.Add("user", Json::Array({TextBlock(TextOf(message["content"]))}));
    }
  }
  return conversation;
}

Result<void> AddTools(BodyBuilder& to, const ToolUse& use) {
  if (use.tools.empty()) return {};
  Json tools = Json::Array();
  for (const Tool& tool : use.tools) {
    if (!use.IsAllowed(tool.name)) continue;
    if (tool.custom) {
      return Error::Unsupported("tools", "got the custom tool '" + tool.name + "' for provider " +
                                             to.traits().provider + ", want functions")
          .WithCode("unsupported_parameter");
    }
    Json made = Json::Object({{"name", tool.name}});
    const Json& description = tool.definition["function"]["description"];
    if (description.is_string()) made.Set("description", description);
    made.Set("input_schema", tool.parameters);
    tools.Push(std::move(made));
  }
  to.Set("tools", std::move(tools));
  using Choice = ToolUse::Choice;
  const bool named = use.choice == Choice::kRequired && use.allowed.size() == 1;
  Json choice = Json::Object({{"type", use.choice == Choice::kNone   ? "none"
                                       : use.choice == Choice::kAuto ? "auto"
                                       : named                       ? "tool"
                                                                     : "any"}});
  if (named) choice.Set("name", use.allowed[0]);
  if (!use.parallel && use.choice != Choice::kNone) choice.Set("disable_parallel_tool_use", true);
  to.Set("tool_choice", std::move(choice));
  return {};
}

// Effort and schema stand in one place.
void AddOutput(BodyBuilder& to, const GenerationOptions& options, const ChatPrompt& prompt) {
  Json output = Json::Object();
  Json further = prompt.template_kwargs;
  if (further["reasoning_effort"].is_string()) {
    output.Set("effort", further["reasoning_effort"]);
    further.Erase("reasoning_effort");
  }
  to.Add("chat_template_kwargs", !further.empty(), further, 0);
  if (options.grammar && Keeps(to.traits(), *options.grammar)) {
    Json format = Json::Object({{"type", "json_schema"}});
    format.Set("schema", options.grammar->schema);
    output.Set("format", std::move(format));
  }
  if (!output.empty()) to.Set("output_config", std::move(output));
  if (!options.thinking_token_budget) return;
  to.Set("thinking", Json::Object({{"type", "enabled"}, {"budget_tokens", *options.thinking_token_budget}}));
}

}  // namespace

Result<Json> AnthropicBody(const ProviderTraits& traits, const std::string& model, int64_t default_max_tokens,
                           const GenerationRequest& request) {
  const auto* chat = std::get_if<ChatPrompt>(&request.prompt);
  if (chat == nullptr) {
    return Error::Unsupported("model", "got " + model + " of provider " + traits.provider +
                                           " for a completion, want a conversation: its API has no other")
        .WithCode("unsupported_model");
  }
  TRY(Conversation conversation, ConversationOf(chat->messages));
  BodyBuilder to(traits, Json::Object({{"model", model}, {"stream", true}, {"max_tokens", default_max_tokens}}));
  if (!conversation.system.empty()) to.Set("system", conversation.system);
  to.Set("messages", std::move(conversation.messages));
  TRY_VOID(AddTools(to, chat->tool_use));
  GenerationOptions options = request.options;
  AddOutput(to, options, *chat);
  options.thinking_token_budget.reset();  // it is told
  AddParameters(to, options, true);
  to.Add("documents", !chat->documents.is_null() && !chat->documents.empty(), chat->documents, 0);
  to.Add("chat_template", chat->chat_template.has_value(), {}, 0);
  to.Add("continue_final_message", chat->continue_final_message, true, 0);
  to.Add("add_generation_prompt", !chat->add_generation_prompt, false, 0);
  return to.Finish();
}

}  // namespace atelier
