#include "provider/openai_request.h"

#include <cmath>
#include <utility>
#include <vector>

namespace atelier {
namespace {

using Dialect = OpenAiDialect;

constexpr unsigned Bit(Dialect dialect) { return 1U << static_cast<unsigned>(dialect); }
constexpr unsigned kEverywhere = 31;
constexpr unsigned kOurs = Bit(Dialect::kAtelier);
constexpr unsigned kVllms = Bit(Dialect::kVllm) | kOurs;
constexpr unsigned kLlamas = Bit(Dialect::kLlamaServer) | kOurs;
constexpr unsigned kServers = kVllms | kLlamas;

Json TokenList(const std::vector<int32_t>& tokens) {
  Json list = Json::Array();
  for (const int32_t token : tokens) list.Push(token);
  return list;
}

// The shortest decimal that reads back as the same float: 0.1, not 0.10000000149.
Json Number(float value) { return Json(std::round(static_cast<double>(value) * 1e6) / 1e6); }

// Adds parameters to a body, or says which cannot be.
class BodyBuilder {
 public:
  BodyBuilder(const OpenAiTraits& traits, Json body) : traits_(traits), body_(std::move(body)) {}

  // `asked`: the request says other than the default. Upstreams whose own defaults differ from ours are told ours.
  void Add(std::string_view name, bool asked, Json value, unsigned dialects, std::string_view as = {}) {
    const bool known = (dialects & Bit(traits_.dialect)) != 0 || traits_.parameters.contains(std::string(name));
    if (asked && !known && !fault_) {
      fault_ =
          Error::Unsupported(std::string(name), "got it for provider " + traits_.provider + ", which cannot honour it")
              .WithCode("unsupported_parameter");
    }
    if (asked && known) body_.Set(as.empty() ? name : as, std::move(value));
  }
  // The same, told to servers with defaults of their own even where it is ours.
  void AddSampler(std::string_view name, bool asked, Json value, unsigned dialects, std::string_view as = {}) {
    const bool tell = asked || (traits_.dialect != Dialect::kOpenAi && (dialects & Bit(traits_.dialect)) != 0);
    if (tell) Add(name, true, std::move(value), dialects, as);
  }
  void Set(std::string_view name, Json value) { body_.Set(name, std::move(value)); }
  Result<Json> Finish() {
    if (fault_) return *fault_;
    return std::move(body_);
  }

 private:
  const OpenAiTraits& traits_;
  Json body_;
  std::optional<Error> fault_;
};

void AddSamplers(BodyBuilder& to, const OpenAiTraits& traits, const SamplingParams& s) {
  const bool llama = traits.dialect == Dialect::kLlamaServer;
  to.AddSampler("temperature", s.temperature != 1, Number(s.temperature), kEverywhere);
  to.AddSampler("top_p", s.top_p != 1, Number(s.top_p), kEverywhere);
  to.AddSampler("top_k", s.top_k != 0, s.top_k, kServers);
  to.AddSampler("min_p", s.min_p != 0, Number(s.min_p), kServers);
  to.AddSampler("repetition_penalty", s.repetition_penalty != 1, Number(s.repetition_penalty), kServers,
                llama ? "repeat_penalty" : "");
  to.Add("presence_penalty", s.presence_penalty != 0, Number(s.presence_penalty), kEverywhere);
  to.Add("frequency_penalty", s.frequency_penalty != 0, Number(s.frequency_penalty), kEverywhere);
  to.Add("typical_p", s.typical_p != 1, Number(s.typical_p), kLlamas);
  to.Add("top_n_sigma", s.top_n_sigma != 0, Number(s.top_n_sigma), kLlamas);
  to.Add("xtc_probability", s.xtc_probability != 0, Number(s.xtc_probability), kLlamas);
  to.Add("xtc_threshold", s.xtc_probability != 0, Number(s.xtc_threshold), kLlamas);
  const bool dry = s.dry_multiplier != 0;
  to.Add("dry_multiplier", dry, Number(s.dry_multiplier), kLlamas);
  to.Add("dry_base", dry, Number(s.dry_base), kLlamas);
  to.Add("dry_allowed_length", dry, s.dry_allowed_length, kLlamas);
  to.Add("dry_penalty_last_n", dry, s.dry_last_n, kLlamas);
  to.Add("dry_sequence_breakers", dry, Json(s.dry_breakers), kLlamas);
  to.Add("mirostat", s.mirostat != 0, s.mirostat, kLlamas);
  to.Add("mirostat_tau", s.mirostat != 0, Number(s.mirostat_tau), kLlamas);
  to.Add("mirostat_eta", s.mirostat != 0, Number(s.mirostat_eta), kLlamas);
  const bool penalties = s.repetition_penalty != 1 || s.presence_penalty != 0 || s.frequency_penalty != 0;
  // llama-server looks back over 64 tokens unless told otherwise, vLLM over all.
  const bool looks_back = s.penalty_last_n != -1 || (llama && penalties);
  to.Add("repeat_last_n", looks_back, s.penalty_last_n, kLlamas);
  Json bias = Json::Object();
  for (const auto& [token, added] : s.logit_bias) bias.Set(std::to_string(token), Number(added));
  to.Add("logit_bias", !s.logit_bias.empty(), std::move(bias), kEverywhere);
  to.Add("allowed_token_ids", !s.allowed_token_ids.empty(), TokenList(s.allowed_token_ids), kVllms);
}

void AddCommon(BodyBuilder& to, const OpenAiTraits& traits, const GenerationOptions& options, bool is_chat) {
  const GenerateRequest& r = options.request;
  AddSamplers(to, traits, r.sampling);
  to.Add("n", r.n != 1, r.n, kEverywhere);
  to.Add("best_of", r.best_of != 0, r.best_of, kOurs);
  const bool newer = is_chat && traits.dialect == Dialect::kOpenAi;
  to.Add("max_tokens", r.max_tokens.has_value(), Json(r.max_tokens), kEverywhere, newer ? "max_completion_tokens" : "");
  to.Add("min_tokens", r.min_tokens != 0, r.min_tokens, kVllms);
  to.Add("seed", options.seed.has_value(), Json(options.seed), kEverywhere);
  to.Add("stop", !r.stop.empty(), Json(r.stop), kEverywhere);
  to.Add("stop_token_ids", !r.stop_token_ids.empty(), TokenList(r.stop_token_ids), kVllms);
  to.Add("include_stop_str_in_output", r.include_stop_str, true, kVllms);
  to.Add("ignore_eos", r.ignore_eos, true, kServers);
  to.Add("skip_special_tokens", !r.skip_special_tokens, false, kVllms);
  to.Add("bad_words", !options.bad_words.empty(), Json(options.bad_words), kVllms);
  to.Add("prompt_logprobs", r.prompt_logprobs.has_value(), {}, 0);
  to.Add("cache_salt", !r.cache_salt.empty(), r.cache_salt, kVllms);
  to.Add("cache_prompt", !r.read_prefix_cache, false, kLlamas);
  to.Add("priority", r.options.priority != 0, r.options.priority, kVllms);
  to.Add("truncate_prompt_tokens", options.truncate_prompt_tokens.has_value(), Json(options.truncate_prompt_tokens),
         kVllms);
  to.Add("thinking_token_budget", options.thinking_token_budget.has_value(), Json(options.thinking_token_budget),
         kVllms);
  if (!r.logprobs) return;
  if (is_chat) to.Set("logprobs", true);
  to.Set(is_chat ? "top_logprobs" : "logprobs", *r.logprobs);
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
void AddGrammar(BodyBuilder& to, const OpenAiTraits& traits, const GrammarSpec& grammar) {
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

Result<OpenAiDialect> ParseDialect(std::string_view name) {
  if (name.empty() || name == "compatible") return Dialect::kCompatible;
  if (name == "openai") return Dialect::kOpenAi;
  if (name == "vllm") return Dialect::kVllm;
  if (name == "llama_server") return Dialect::kLlamaServer;
  if (name == "atelier") return Dialect::kAtelier;
  return Error::Invalid("dialect",
                        "got '" + std::string(name) + "', want compatible, openai, vllm, llama_server or atelier");
}

Result<Constrains> ParseConstrains(std::string_view name, OpenAiDialect dialect) {
  if (name == "all") return Constrains::kAll;
  if (name == "json_schema") return Constrains::kJsonSchema;
  if (name == "json_object") return Constrains::kJsonObject;
  if (name == "none") return Constrains::kNone;
  if (!name.empty()) {
    return Error::Invalid("constrains", "got '" + std::string(name) + "', want all, json_schema, json_object or none");
  }
  if (dialect == Dialect::kVllm || dialect == Dialect::kAtelier) return Constrains::kAll;
  return dialect == Dialect::kCompatible ? Constrains::kNone : Constrains::kJsonSchema;
}

bool Keeps(const OpenAiTraits& traits, const GrammarSpec& grammar) {
  if (traits.constrains == Constrains::kNone || traits.constrains == Constrains::kJsonObject) return false;
  if (grammar.kind == GrammarSpec::Kind::kJsonSchema) return true;
  if (traits.constrains != Constrains::kAll) return false;
  if (traits.dialect == Dialect::kLlamaServer) return grammar.kind == GrammarSpec::Kind::kGrammar;
  return traits.dialect == Dialect::kVllm || traits.dialect == Dialect::kAtelier;
}

Result<OpenAiCall> OpenAiGeneration(const OpenAiTraits& traits, const std::string& model,
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
  AddCommon(to, traits, request.options, chat != nullptr);
  if (request.options.grammar) AddGrammar(to, traits, *request.options.grammar);
  OpenAiCall call;
  call.path = chat != nullptr ? "/chat/completions" : "/completions";
  TRY(call.body, to.Finish());
  return call;
}

}  // namespace atelier
