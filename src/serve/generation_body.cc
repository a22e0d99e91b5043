#include "serve/generation_body.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace atelier {
namespace {

template <class To, class From>
void Set(To& to, const std::optional<From>& from) {
  if (from) to = static_cast<To>(*from);
}

Result<int32_t> TokenId(std::string_view text) {
  int32_t id = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (fault != std::errc() || end != text.data() + text.size() || id < 0) {
    return Error::Invalid("logit_bias", "got the key '" + std::string(text) + "', want a token id");
  }
  return id;
}

std::vector<int32_t> Narrow(const std::vector<int64_t>& wide) { return {wide.begin(), wide.end()}; }

constexpr double kMaxId = 2147483647;

}  // namespace

Fields StreamOptions::Describe() {
  static constexpr Field fields[] = {
      Key<&StreamOptions::include_usage>("include_usage", "a last event with the usage; others say usage: null"),
      Key<&StreamOptions::continuous_usage_stats>("continuous_usage_stats", "usage so far in every event"),
      Ignored("include_obfuscation", "padding against traffic analysis; nothing leaves this machine"),
  };
  return fields;
}

Fields GenerationBody::Describe() {
  using B = GenerationBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of a model; without, the default one"),
      Key<&B::stream>("stream", "answer as server-sent events"),
      Key<&B::stream_options>("stream_options", "what else the stream tells"),
      Key<&B::n>("n", "how many choices").Between(1, kMaxChoices),
      Key<&B::max_tokens>("max_tokens", "most tokens of a choice").Between(0, kMaxId),
      Key<&B::min_tokens>("min_tokens", "no end before so many tokens").Between(0, kMaxId),
      Key<&B::seed>("seed", "the same seed gives the same text, whatever else is running"),
      Key<&B::temperature>("temperature", "0 is greedy").Between(0, 2),
      Key<&B::top_p>("top_p", "the smallest set of tokens with this much probability").Between(1e-9, 1),
      Key<&B::top_k>("top_k", "the k likeliest tokens; 0 or -1: all").Between(-1, kMaxId),
      Key<&B::min_p>("min_p", "tokens at least this likely, relative to the likeliest").Between(0, 1),
      Key<&B::typical_p>("typical_p", "locally typical sampling; 1: off").Between(1e-9, 1),
      Key<&B::top_n_sigma>("top_n_sigma", "logits within n standard deviations of the best; 0: off").Between(0, 1000),
      Key<&B::xtc_probability>("xtc_probability", "chance to exclude top choices; 0: off").Between(0, 1),
      Key<&B::xtc_threshold>("xtc_threshold", "probability above which XTC excludes").Between(0, 1),
      Key<&B::dry_multiplier>("dry_multiplier", "penalty for repeating sequences; 0: off").Between(0, 1000),
      Key<&B::dry_base>("dry_base", "growth of that penalty").Between(1, 1000),
      Key<&B::dry_allowed_length>("dry_allowed_length", "repeats so long are free").Between(0, kMaxId),
      Key<&B::dry_penalty_last_n>("dry_penalty_last_n", "tokens DRY looks back; -1: all").Between(-1, kMaxId),
      Key<&B::dry_sequence_breakers>("dry_sequence_breakers", "texts that end a repeat").AtMostItems(64),
      Key<&B::mirostat>("mirostat", "0: off, 2: version 2").Between(0, 2),
      Key<&B::mirostat_tau>("mirostat_tau", "its target surprise").Between(0, 100),
      Key<&B::mirostat_eta>("mirostat_eta", "its learning rate").Between(0, 1),
      Key<&B::repetition_penalty>("repetition_penalty", "divides logits of tokens seen; 1: off").Between(1e-3, 100),
      Key<&B::repeat_penalty>("repeat_penalty", "llama-server's name for repetition_penalty").Between(1e-3, 100),
      Key<&B::repeat_last_n>("repeat_last_n", "tokens the penalties look back; -1: all").Between(-1, kMaxId),
      Key<&B::presence_penalty>("presence_penalty", "subtracted from logits of tokens in the output").Between(-2, 2),
      Key<&B::frequency_penalty>("frequency_penalty", "the same for each occurrence").Between(-2, 2),
      Key<&B::logit_bias>("logit_bias", "token id to what is added to its logit").Between(-100, 100),
      Key<&B::stop>("stop", "texts that end a choice").AtMostItems(kMaxStops),
      Key<&B::stop_token_ids>("stop_token_ids", "tokens that end a choice").Between(0, kMaxId).AtMostItems(4096),
      Key<&B::allowed_token_ids>("allowed_token_ids", "only these tokens").Between(0, kMaxId),
      Key<&B::bad_words>("bad_words", "texts that must not be written").AtMostItems(4096),
      Key<&B::include_stop_str_in_output>("include_stop_str_in_output", "keep the stop text at the end"),
      Key<&B::ignore_eos>("ignore_eos", "go on where the model would end"),
      Key<&B::skip_special_tokens>("skip_special_tokens", "leave control tokens out of the text"),
      Key<&B::prompt_logprobs>("prompt_logprobs", "logprobs of the prompt's tokens").Between(0, kMaxLogprobs),
      Key<&B::return_token_ids>("return_token_ids", "token_ids and prompt_token_ids beside the text"),
      Key<&B::return_tokens_as_token_ids>("return_tokens_as_token_ids", "logprobs name tokens as token_id:N"),
      Key<&B::cache_salt>("cache_salt", "cached prefixes are shared only under the same salt").AtMostBytes(1024),
      Key<&B::cache_prompt>("cache_prompt", "read the prefix cache"),
      Key<&B::priority>("priority", "smaller is served sooner").Between(-1000, 1000),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded, as \"5m\" or seconds; negative: for ever"),
      Inline<&B::output>(),
      Ignored("user", "accepted without effect"),
      Ignored("spaces_between_special_tokens", "accepted without effect"),
      Ignored("request_id", "X-Request-Id names a request"),
      Ignored("session_id", "accepted without effect"),
      Ignored("stream_interval", "every token is sent as it comes"),
      Unsupported("repetition_detection", "an end to loops"),
      Unsupported("watermarking", "marks in the text"),
      Unsupported("return_token_offsets", "places of tokens in the text").UnlessIs("false"),
      Unsupported("vllm_xargs", "extensions of vLLM"),
      Unsupported("kv_transfer_params", "caches of other machines"),
      Unsupported("ec_transfer_params", "caches of other machines"),
  };
  return fields;
}

Result<GenerationOptions> GenerationBody::Options() const {
  GenerationOptions options;
  if (stream_options && !stream) {
    return Error::Invalid("stream_options", "got it without stream, want stream: true").WithCode("invalid_value");
  }
  GenerateRequest& r = options.request;
  SamplingParams& s = r.sampling;
  Set(r.n, n);
  r.max_tokens = max_tokens;
  Set(r.min_tokens, min_tokens);
  if (seed) options.seed = static_cast<uint64_t>(*seed);
  Set(s.temperature, temperature), Set(s.top_p, top_p), Set(s.min_p, min_p), Set(s.typical_p, typical_p);
  if (top_k && *top_k > 0) s.top_k = static_cast<int32_t>(*top_k);
  Set(s.top_n_sigma, top_n_sigma);
  Set(s.xtc_probability, xtc_probability), Set(s.xtc_threshold, xtc_threshold);
  Set(s.dry_multiplier, dry_multiplier), Set(s.dry_base, dry_base);
  Set(s.dry_allowed_length, dry_allowed_length), Set(s.dry_last_n, dry_penalty_last_n);
  if (dry_sequence_breakers) s.dry_breakers = *dry_sequence_breakers;
  if (mirostat == 1) return Error::Unsupported("mirostat", "got 1, want 0 or 2 (version 2)");
  Set(s.mirostat, mirostat), Set(s.mirostat_tau, mirostat_tau), Set(s.mirostat_eta, mirostat_eta);
  if (repetition_penalty && repeat_penalty) {
    return Error::Invalid("repeat_penalty", "got it beside repetition_penalty, want one of the two");
  }
  Set(s.repetition_penalty, repetition_penalty), Set(s.repetition_penalty, repeat_penalty);
  Set(s.presence_penalty, presence_penalty), Set(s.frequency_penalty, frequency_penalty);
  Set(s.penalty_last_n, repeat_last_n);
  for (const auto& [text, bias] : logit_bias) {
    TRY(const int32_t id, TokenId(text));
    s.logit_bias.emplace_back(id, static_cast<float>(bias));
  }
  s.allowed_token_ids = Narrow(allowed_token_ids);
  options.bad_words = bad_words;
  r.stop = stop.values;
  r.stop_token_ids = Narrow(stop_token_ids);
  r.include_stop_str = include_stop_str_in_output;
  r.ignore_eos = ignore_eos;
  r.skip_special_tokens = skip_special_tokens;
  Set(r.prompt_logprobs, prompt_logprobs);
  r.cache_salt = cache_salt;
  r.read_prefix_cache = cache_prompt;
  Set(r.options.priority, priority);
  TRY(options.grammar, output.Spec());
  if (output.structured_outputs) r.prefer_closing = output.structured_outputs->prefer_closing;
  if (keep_alive) {
    TRY(options.keep_alive, ParseKeepAlive(*keep_alive));
  }
  return options;
}

GenerationBody GenerationBody::Defaults() {
  const SamplingParams s;
  // A float's nearest short decimal: 1.75, and 0.1 rather than 0.10000000149.
  const auto number = [](float value) { return std::round(static_cast<double>(value) * 1e6) / 1e6; };
  GenerationBody d;
  d.n = GenerateRequest{}.n, d.min_tokens = GenerateRequest{}.min_tokens;
  d.temperature = number(s.temperature), d.top_p = number(s.top_p), d.min_p = number(s.min_p);
  d.typical_p = number(s.typical_p), d.top_k = s.top_k, d.top_n_sigma = number(s.top_n_sigma);
  d.xtc_probability = number(s.xtc_probability), d.xtc_threshold = number(s.xtc_threshold);
  d.dry_multiplier = number(s.dry_multiplier), d.dry_base = number(s.dry_base);
  d.dry_allowed_length = s.dry_allowed_length, d.dry_penalty_last_n = s.dry_last_n;
  d.dry_sequence_breakers = s.dry_breakers;
  d.mirostat = s.mirostat, d.mirostat_tau = number(s.mirostat_tau), d.mirostat_eta = number(s.mirostat_eta);
  d.repetition_penalty = number(s.repetition_penalty), d.repeat_last_n = s.penalty_last_n;
  d.presence_penalty = number(s.presence_penalty), d.frequency_penalty = number(s.frequency_penalty);
  return d;
}

}  // namespace atelier
