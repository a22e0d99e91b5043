#include "serve/response_body.h"

#include <algorithm>
#include <utility>

#include "serve/attribute_filter.h"
#include "serve/file_search.h"
#include "serve/mcp_tool_body.h"
#include "serve/response_items.h"

namespace atelier {

Fields ResponseTextFormat::Describe() {
  using F = ResponseTextFormat;
  static constexpr Field fields[] = {
      Key<&F::type>("type", "what the text is").Required().OneOf("text|json_object|json_schema"),
      Key<&F::name>("name", "of the format").AtMostBytes(256),
      Key<&F::description>("description", "of the format"),
      Key<&F::schema>("schema", "with type json_schema: a JSON Schema that the text keeps"),
      Key<&F::strict>("strict", "a schema is kept with or without it"),
  };
  return fields;
}

Fields ResponseText::Describe() {
  using T = ResponseText;
  static constexpr Field fields[] = {
      Key<&T::format>("format", "what the text is: any, JSON, or JSON of a schema"),
      Key<&T::verbosity>("verbosity", "a variable of the chat template, for models that know it")
          .OneOf("low|medium|high"),
  };
  return fields;
}

Fields ReasoningBody::Describe() {
  using R = ReasoningBody;
  static constexpr Field fields[] = {
      Key<&R::effort>("effort", "a variable of the chat template, for models that know it")
          .OneOf("none|minimal|low|medium|high|xhigh|max"),
      Ignored("summary", "the reasoning itself is given"),
      Ignored("generate_summary", "the reasoning itself is given"),
      Ignored("context", "what was thought is shown as the template has it"),
      Ignored("mode", "accepted without effect"),
  };
  return fields;
}

Fields ResponseToolBody::Describe() {
  using T = ResponseToolBody;
  static constexpr Field fields[] = {
      Key<&T::type>("type", "of the tool; of those that OpenAI runs itself, file_search and mcp are here")
          .Required()
          .OneOf("function|custom|file_search|mcp"),
      Key<&T::name>("name", "of a function or a custom tool"),
      Key<&T::description>("description", "what it does, for the model").AtMostBytes(1 << 16),
      Key<&T::parameters>("parameters", "of a function: a JSON Schema that the arguments keep"),
      Key<&T::strict>("strict", "a schema is kept with or without it"),
      Key<&T::format>("format", "of a custom tool: what its input is"),
      Key<&T::vector_store_ids>("vector_store_ids", "of file_search: where it looks").AtMostItems(16),
      Key<&T::filters>("filters", "of file_search: comparisons of attributes"),
      Key<&T::max_num_results>("max_num_results", "of file_search: most chunks").Between(1, 50),
      Key<&T::ranking_options>("ranking_options", "of file_search: how what is found is scored"),
      Key<&T::server_label>("server_label", "of mcp: what the server is called in this response").AtMostBytes(64),
      Key<&T::server_url>("server_url", "of mcp: where it is, over streamable HTTP").AtMostBytes(4096),
      Key<&T::connector_id>("connector_id", "of mcp: in place of a URL, a server of atelier.yaml that is a connector")
          .AtMostBytes(64),
      Key<&T::server_description>("server_description", "of mcp: said again in the response").AtMostBytes(4096),
      Key<&T::authorization>("authorization", "of mcp: a token that the server is shown").AtMostBytes(16 << 10),
      Key<&T::headers>("headers", "of mcp: what its requests carry"),
      Key<&T::allowed_tools>("allowed_tools", "of mcp: names, or a filter; without, all"),
      Key<&T::require_approval>("require_approval", "of mcp: always, never, or which tools; without, always"),
      Unsupported("tunnel_id", "there are no tunnels here"),
      Ignored("defer_loading", "all tools are shown"),
      Ignored("allowed_callers", "the model calls directly"),
      Ignored("output_schema", "outputs are taken as they come"),
  };
  return fields;
}

Fields ResponsesBody::Describe() {
  using B = ResponsesBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of a chat model"),
      Key<&B::input>("input", "a text, or items: messages, calls and their outputs"),
      Key<&B::instructions>("instructions", "a system message before all; not carried on by previous_response_id"),
      Key<&B::previous_response_id>("previous_response_id", "a stored response to go on from"),
      Key<&B::conversation>("conversation", "a conversation to go on, and to add to"),
      Key<&B::max_output_tokens>("max_output_tokens", "most tokens of the output").Between(0, 2147483647),
      Key<&B::max_tool_calls>("max_tool_calls", "of tools that the server runs: searches").Between(0, 2147483647),
      Key<&B::temperature>("temperature", "0 is greedy").Between(0, 100),
      Key<&B::top_p>("top_p", "sample from the likeliest tokens of this mass").Between(0, 1),
      Key<&B::top_k>("top_k", "sample from so many tokens").Between(-1, 2147483647),
      Key<&B::min_p>("min_p", "leave out tokens below this share of the likeliest").Between(0, 1),
      Key<&B::presence_penalty>("presence_penalty", "on tokens that were there").Between(-2, 2),
      Key<&B::frequency_penalty>("frequency_penalty", "on tokens, by how often they were there").Between(-2, 2),
      Key<&B::repetition_penalty>("repetition_penalty", "a factor on tokens that were there").Between(0, 100),
      Key<&B::seed>("seed", "the same seed gives the same text").Between(0, 9007199254740991),
      Key<&B::stop>("stop", "texts that end the output"),
      Key<&B::text>("text", "what the text is"),
      Key<&B::tools>("tools", "what the model may call").AtMostItems(kMaxTools),
      Key<&B::tool_choice>("tool_choice", "whether it may call, must call, or must call a certain one"),
      Key<&B::parallel_tool_calls>("parallel_tool_calls", "several calls in one response"),
      Key<&B::reasoning>("reasoning", "how much to think"),
      Key<&B::thinking_token_budget>("thinking_token_budget", "end the reasoning after so many tokens")
          .Between(0, 2147483647),
      Key<&B::include>("include",
                       "message.output_text.logprobs, file_search_call.results; other parts are there or have no "
                       "meaning here"),
      Key<&B::top_logprobs>("top_logprobs", "with logprobs: of so many likeliest tokens").Between(0, kMaxLogprobs),
      Key<&B::truncation>("truncation", "auto: leave out the oldest items where all do not fit").OneOf("auto|disabled"),
      Key<&B::metadata>("metadata", "up to 16 texts, kept with the response").AtMostItems(16).AtMostBytes(512),
      Key<&B::stream>("stream", "send events while the response is made"),
      Key<&B::store>("store", "keep the response"),
      Key<&B::background>("background", "answer at once; the response is made meanwhile"),
      Key<&B::chat_template_kwargs>("chat_template_kwargs", "further variables of the template"),
      Key<&B::cache_salt>("cache_salt", "prefixes are shared under equal salts").AtMostBytes(1024),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded afterwards"),
      Ignored("stream_options", "events are not obfuscated"),
      Ignored("user", "accepted without effect"),
      Ignored("safety_identifier", "accepted without effect"),
      Ignored("prompt_cache_key", "prefixes are shared by content"),
      Ignored("prompt_cache_options", "prefixes are shared by content"),
      Ignored("prompt_cache_retention", "accepted without effect"),
      Ignored("service_tier", "accepted without effect"),
      Ignored("background_options", "accepted without effect"),
      Ignored("access_programs", "accepted without effect"),
      Ignored("context_management", "POST /v1/responses/compact does it on request"),
      Unsupported("prompt", "there are no stored prompts"),
      Unsupported("moderation", "there is no moderation model"),
      Unsupported("image", "no model here draws"),
  };
  return fields;
}

bool ResponsesBody::Includes(std::string_view what) const { return std::ranges::find(include, what) != include.end(); }

namespace {

// The names of another resource's parameters, as this one has them.
Error Renamed(Error error) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"response_format.json_schema", "text.format"}, {"response_format", "text.format"}, {"messages", "input"}};
  for (const auto& [from, to] : names) {
    if (!error.where.starts_with(from)) continue;
    error.where = std::string(to) + error.where.substr(from.size());
    break;
  }
  return error;
}

Result<Tool> ToolOf(const ResponseToolBody& given) {
  if (given.name.empty()) {
    return Error::Invalid("name", "got nothing, want the tool's name").WithCode("missing_required_parameter");
  }
  if (given.type == "custom") return CustomTool({given.name, given.description, given.format});
  return FunctionTool({given.name, given.description, given.parameters, given.strict});
}

}  // namespace

Json NamedChoice(const Json& choice) {
  const auto named = [](Json tool) {
    if (tool["type"] == Json(kFileSearch)) return Json::Object({{"type", "function"}, {"name", kFileSearch}});
    return tool;
  };
  Json changed = named(choice);
  if (Json* tools = changed.Find("tools"); tools != nullptr && tools->is_array()) {
    for (Json& tool : tools->items()) tool = named(std::move(tool));
  }
  return changed;
}

namespace {

Result<ToolUse> ToolsOf(const ResponsesBody& body) {
  ToolUse use;
  use.parallel = body.parallel_tool_calls;
  TRY(const std::optional<FileSearchUse> searching, FileSearchOf(body));
  bool has_servers = false;
  for (size_t i = 0; i < body.tools.size(); ++i) {
    const bool is_search = body.tools[i].type == kFileSearch;
    // What an MCP server has is known when it was asked: ResponseMcp adds it, and makes the choice.
    if (body.tools[i].type == kMcpTool) {
      has_servers = true;
      continue;
    }
    if (is_search && (!searching || searching->first)) continue;
    Result<Tool> tool = is_search ? SearchTool() : ToolOf(body.tools[i]);
    if (!tool.ok()) return std::move(tool).error().Under("tools[" + std::to_string(i) + "]");
    Result<void> added = AddTool(std::move(*tool), use);
    if (!added.ok()) return std::move(added).error().Under("tools[" + std::to_string(i) + "]");
  }
  // A choice that searching first has met leaves the rest to the model.
  if (has_servers || (searching && searching->first)) return use;
  TRY_VOID(SetToolChoice(NamedChoice(body.tool_choice), use));
  return use;
}

GenerationBody SamplingOf(const ResponsesBody& body) {
  GenerationBody sampling;
  sampling.model = body.model;
  sampling.stream = body.stream;
  sampling.max_tokens = body.max_output_tokens;
  sampling.temperature = body.temperature, sampling.top_p = body.top_p, sampling.top_k = body.top_k;
  sampling.min_p = body.min_p, sampling.presence_penalty = body.presence_penalty;
  sampling.frequency_penalty = body.frequency_penalty, sampling.repetition_penalty = body.repetition_penalty;
  sampling.seed = body.seed, sampling.stop = body.stop, sampling.cache_salt = body.cache_salt;
  sampling.keep_alive = body.keep_alive;
  if (!body.text || !body.text->format) return sampling;
  const ResponseTextFormat& format = *body.text->format;
  ResponseFormat wanted;
  wanted.type = format.type;
  if (format.type == "json_schema") {
    wanted.json_schema = JsonSchemaFormat{.name = format.name.value_or("response"),
                                          .description = format.description.value_or(""),
                                          .schema = format.schema,
                                          .strict = format.strict};
  }
  sampling.output.response_format = std::move(wanted);
  return sampling;
}

}  // namespace

Result<GenerationRequest> ResponseRequest(const ResponsesBody& body, const std::vector<Json>& items) {
  ChatBody chat;
  chat.generation = SamplingOf(body);
  TRY(chat.messages, MessagesOf(items));
  if (body.instructions) chat.messages.insert(chat.messages.begin(), ChatMessage::Of("system", *body.instructions));
  if (chat.messages.empty())
    return Error::Invalid("input", "got nothing, want a text or items").WithCode("invalid_value");
  chat.logprobs = body.Includes("message.output_text.logprobs");
  if (chat.logprobs) chat.top_logprobs = body.top_logprobs;
  if (body.reasoning) chat.reasoning_effort = body.reasoning->effort;
  if (body.text) chat.verbosity = body.text->verbosity;
  chat.chat_template_kwargs = body.chat_template_kwargs;
  chat.thinking_token_budget = body.thinking_token_budget;
  Result<GenerationRequest> request = ChatRequest(chat);
  if (!request.ok()) return Renamed(std::move(request).error());
  if (request->options.grammar) request->options.grammar->where = "text.format.schema";
  TRY(std::get<ChatPrompt>(request->prompt).tool_use, ToolsOf(body));
  return request;
}

Json EchoOf(const ResponsesBody& body, const std::string& model, int64_t created_unix) {
  const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(); };
  Json tools = Json::Array();
  for (const ResponseToolBody& tool : body.tools) {
    if (tool.type == kFileSearch) {
      tools.Push(SearchToolEcho(tool));
      continue;
    }
    if (tool.type == kMcpTool) {
      tools.Push(McpToolEcho(tool));
      continue;
    }
    Json one = Json::Object({{"type", tool.type}, {"name", tool.name}, {"description", tool.description}});
    if (tool.type == "function") {
      one.Set("parameters", tool.parameters);
      one.Set("strict", tool.strict.value_or(true));
    } else if (tool.format) {
      Json format = Json::Object({{"type", tool.format->type}});
      if (tool.format->syntax) format.Set("syntax", *tool.format->syntax);
      if (tool.format->definition) format.Set("definition", *tool.format->definition);
      one.Set("format", std::move(format));
    }
    tools.Push(std::move(one));
  }
  Json format = Json::Object({{"type", body.text && body.text->format ? body.text->format->type : "text"}});
  if (format["type"] == Json("json_schema")) {
    format.Set("name", body.text->format->name.value_or("response"));
    format.Set("schema", body.text->format->schema);
    format.Set("strict", body.text->format->strict.value_or(true));
  }
  Json text = Json::Object({{"format", std::move(format)}});
  if (body.text && body.text->verbosity) text.Set("verbosity", *body.text->verbosity);
  Json metadata = Json::Object();
  for (const auto& [key, value] : body.metadata) metadata.Set(key, value);
  const auto effort = body.reasoning ? body.reasoning->effort : std::nullopt;
  Json echo = Json::Object({{"created_at", created_unix},
                            {"access_programs", nullptr},
                            {"model", model},
                            {"background", body.background},
                            {"instructions", or_null(body.instructions)},
                            {"max_output_tokens", or_null(body.max_output_tokens)},
                            {"max_tool_calls", or_null(body.max_tool_calls)},
                            {"metadata", std::move(metadata)},
                            {"parallel_tool_calls", body.parallel_tool_calls},
                            {"previous_response_id", or_null(body.previous_response_id)},
                            {"reasoning", Json::Object({{"effort", or_null(effort)}, {"summary", nullptr}})},
                            {"service_tier", "default"},
                            {"store", body.store},
                            {"temperature", body.temperature.value_or(1)},
                            {"text", std::move(text)},
                            {"tool_choice", body.tool_choice.is_null() ? Json("auto") : body.tool_choice},
                            {"tools", std::move(tools)},
                            {"top_logprobs", body.top_logprobs.value_or(0)},
                            {"top_p", body.top_p.value_or(1)},
                            {"truncation", body.truncation}});
  return echo;
}

}  // namespace atelier
