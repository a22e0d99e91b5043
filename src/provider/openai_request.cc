#include "provider/openai_request.h"

#include <utility>
#include <vector>

namespace atelier {
namespace {

Json TokenList(const std::vector<int32_t>& tokens) {
  Json list = Json::Array();
  for (const int32_t token : tokens) list.Push(token);
  return list;
}

Json Schemas(const GrammarSpec& grammar) {
  Json schema = Json::Object({{"name", "output"}, {"strict", true}});
  schema.Set("schema", grammar.schema);
  Json format = Json::Object({{"type", "json_schema"}});
  format.Set("json_schema", std::move(schema));
  return format;
}

Json StructuredOutputs(const GrammarSpec& grammar) {
  using Kind = GrammarSpec::Kind;
  Json outputs = Json::Object();
  switch (grammar.kind) {
    case Kind::kJsonSchema: outputs.Set("json", grammar.schema); break;
    case Kind::kRegex: outputs.Set("regex", grammar.text); break;
    case Kind::kChoice: outputs.Set("choice", Json(grammar.choices)); break;
    case Kind::kGrammar: outputs.Set("grammar", grammar.text); break;
    case Kind::kStructuralTag: outputs.Set("structural_tag", grammar.schema.Dump()); break;
  }
  return outputs;
}

// What of the output's description the upstream reads.
void AddGrammar(BodyBuilder& to, const ProviderTraits& traits, const GrammarSpec& grammar) {
  const bool is_schema = grammar.kind == GrammarSpec::Kind::kJsonSchema;
  if (Keeps(traits, grammar)) {
    if (is_schema) return to.Set("response_format", Schemas(grammar));
    if (traits.dialect == Dialect::kLlamaServer) return to.Set("grammar", grammar.text);
    return to.Set("structured_outputs", StructuredOutputs(grammar));
  }
  if (is_schema && traits.constrains == Constrains::kJsonObject) {
    to.Set("response_format", Json::Object({{"type", "json_object"}}));
  }
}

void AddTools(BodyBuilder& to, const ToolUse& use) {
  if (use.tools.empty()) return;
  Json tools = Json::Array();
  for (const Tool& tool : use.tools) tools.Push(tool.definition);
  to.Set("tools", std::move(tools));
  using Choice = ToolUse::Choice;
  const std::string_view mode = use.choice == Choice::kNone       ? "none"
                                : use.choice == Choice::kRequired ? "required"
                                                                  : "auto";
  if (use.choice == Choice::kRequired && use.allowed.size() == 1) {
    Json named = Json::Object({{"type", "function"}});
    named.Set("function", Json::Object({{"name", use.allowed[0]}}));
    to.Set("tool_choice", std::move(named));
  } else if (!use.allowed.empty() && use.choice != Choice::kNone) {
    Json names = Json::Array();
    for (const std::string& name : use.allowed) {
      Json tool = Json::Object({{"type", "function"}});
      tool.Set("function", Json::Object({{"name", name}}));
      names.Push(std::move(tool));
    }
    Json allowed = Json::Object({{"mode", mode}});
    allowed.Set("tools", std::move(names));
    Json choice = Json::Object({{"type", "allowed_tools"}});
    choice.Set("allowed_tools", std::move(allowed));
    to.Add("tool_choice", true, std::move(choice), Bit(Dialect::kOpenAi) | kOurs);
  } else if (use.choice != Choice::kAuto) {
    to.Set("tool_choice", mode);
  }
  if (!use.parallel) to.Set("parallel_tool_calls", false);
}

void AddChat(BodyBuilder& to, const ChatPrompt& prompt) {
  to.Set("messages", prompt.messages);
  AddTools(to, prompt.tool_use);
  to.Add("documents", !prompt.documents.is_null() && !prompt.documents.empty(), prompt.documents, kVllms);
  Json further = prompt.template_kwargs;
  for (const char* name : {"reasoning_effort", "verbosity"}) {
    if (!further[name].is_string()) continue;
    to.Set(name, further[name]);
    further.Erase(name);
  }
  to.Add("chat_template_kwargs", !further.empty(), further, kServers);
  to.Add("chat_template", prompt.chat_template.has_value(), Json(prompt.chat_template), kVllms);
  to.Add("continue_final_message", prompt.continue_final_message, true, kVllms);
  to.Add("add_generation_prompt", !prompt.add_generation_prompt, false, kVllms);
  to.Add("add_special_tokens", prompt.add_special_tokens, true, kVllms);
}

Json BodyFor(const std::string& model) {
  Json body = Json::Object({{"model", model}, {"stream", true}});
  body.Set("stream_options", Json::Object({{"include_usage", true}}));
  return body;
}

}  // namespace

Result<OpenAiCall> OpenAiGeneration(const ProviderTraits& traits, const std::string& model,
                                    const GenerationRequest& request) {
  BodyBuilder to(traits, BodyFor(model));
  const auto* chat = std::get_if<ChatPrompt>(&request.prompt);
  if (chat != nullptr) {
    AddChat(to, *chat);
  } else if (const auto* text = std::get_if<TextPrompt>(&request.prompt)) {
    to.Set("prompt", text->text);
    to.Add("add_special_tokens", !text->add_special_tokens, false, kVllms);
  } else if (const auto* tokens = std::get_if<TokenPrompt>(&request.prompt)) {
    to.Set("prompt", TokenList(tokens->tokens));
  } else {
    return Error::Unsupported("model", "got " + model + " of provider " + traits.provider +
                                           " for filling in the middle, want a model on this machine")
        .WithCode("unsupported_model");
  }
  AddParameters(to, request.options, chat != nullptr);
  if (request.options.grammar) AddGrammar(to, traits, *request.options.grammar);
  OpenAiCall call;
  call.path = chat != nullptr ? "/chat/completions" : "/completions";
  TRY(call.body, to.Finish());
  return call;
}

}  // namespace atelier
