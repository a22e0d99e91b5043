#include "provider/parameters.h"

#include <cmath>
#include <utility>

namespace atelier {
namespace {

Json TokenList(const std::vector<int32_t>& tokens) {
  Json list = Json::Array();
  for (const int32_t token : tokens) list.Push(token);
  return list;
}

// The shortest decimal that reads back as the same float: 0.1, not 0.10000000149.
Json Number(float value) { return Json(std::round(static_cast<double>(value) * 1e6) / 1e6); }

void AddSamplers(BodyBuilder& to, const SamplingParams& s) {
  const bool llama = to.traits().dialect == Dialect::kLlamaServer;
  to.AddSampler("temperature", s.temperature != 1, Number(s.temperature), kOpenAis);
  to.AddSampler("top_p", s.top_p != 1, Number(s.top_p), kOpenAis);
  to.AddSampler("top_k", s.top_k != 0, s.top_k, kServers);
  to.AddSampler("min_p", s.min_p != 0, Number(s.min_p), kServers);
  to.AddSampler("repetition_penalty", s.repetition_penalty != 1, Number(s.repetition_penalty), kServers,
                llama ? "repeat_penalty" : "");
  to.Add("presence_penalty", s.presence_penalty != 0, Number(s.presence_penalty), kOpenAis);
  to.Add("frequency_penalty", s.frequency_penalty != 0, Number(s.frequency_penalty), kOpenAis);
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
  to.Add("logit_bias", !s.logit_bias.empty(), std::move(bias), kOpenAis);
  to.Add("allowed_token_ids", !s.allowed_token_ids.empty(), TokenList(s.allowed_token_ids), kVllms);
}

}  // namespace

void BodyBuilder::Add(std::string_view name, bool asked, Json value, unsigned dialects, std::string_view as) {
  if (!asked) return;
  const bool known = (dialects & Bit(traits_.dialect)) != 0 || traits_.parameters.contains(std::string(name));
  if (known) body_.Set(as.empty() ? name : as, std::move(value));
  if (known || fault_) return;
  fault_ = Error::Unsupported(std::string(name), "got it for provider " + traits_.provider + ", which cannot honour it")
               .WithCode("unsupported_parameter");
}

void BodyBuilder::AddSampler(std::string_view name, bool asked, Json value, unsigned dialects, std::string_view as) {
  const bool tell = traits_.dialect != Dialect::kOpenAi && (dialects & Bit(traits_.dialect)) != 0;
  Add(name, asked || tell, std::move(value), dialects, as);
}

Result<Json> BodyBuilder::Finish() {
  if (fault_) return *fault_;
  return std::move(body_);
}

void AddParameters(BodyBuilder& to, const GenerationOptions& options, bool is_chat) {
  const GenerateRequest& r = options.request;
  AddSamplers(to, r.sampling);
  to.Add("n", r.n != 1, r.n, kOpenAis);
  to.Add("best_of", r.best_of != 0, r.best_of, kOurs);
  const Dialect dialect = to.traits().dialect;
  const bool newer = is_chat && dialect == Dialect::kOpenAi;
  to.Add("max_tokens", r.max_tokens.has_value(), Json(r.max_tokens), kAll, newer ? "max_completion_tokens" : "");
  to.Add("min_tokens", r.min_tokens != 0, r.min_tokens, kVllms);
  to.Add("seed", options.seed.has_value(), Json(options.seed), kOpenAis);
  to.Add("stop", !r.stop.empty(), Json(r.stop), kAll, dialect == Dialect::kAnthropic ? "stop_sequences" : "");
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
  to.Add("logprobs", r.logprobs.has_value(), is_chat ? Json(true) : Json(r.logprobs), kOpenAis);
  to.Add("top_logprobs", r.logprobs.has_value() && is_chat, Json(r.logprobs), kOpenAis);
}

Result<Dialect> ParseDialect(std::string_view name) {
  if (name.empty() || name == "compatible") return Dialect::kCompatible;
  if (name == "openai") return Dialect::kOpenAi;
  if (name == "vllm") return Dialect::kVllm;
  if (name == "llama_server") return Dialect::kLlamaServer;
  if (name == "atelier") return Dialect::kAtelier;
  return Error::Invalid("dialect",
                        "got '" + std::string(name) + "', want compatible, openai, vllm, llama_server or atelier");
}

Result<Constrains> ParseConstrains(std::string_view name, Dialect dialect) {
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

bool Keeps(const ProviderTraits& traits, const GrammarSpec& grammar) {
  if (traits.constrains == Constrains::kNone || traits.constrains == Constrains::kJsonObject) return false;
  if (grammar.kind == GrammarSpec::Kind::kJsonSchema) return true;
  if (traits.constrains != Constrains::kAll) return false;
  if (traits.dialect == Dialect::kLlamaServer) return grammar.kind == GrammarSpec::Kind::kGrammar;
  return traits.dialect == Dialect::kVllm || traits.dialect == Dialect::kAtelier;
}

}  // namespace atelier
