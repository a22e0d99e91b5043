// What /v1/chat/completions and /v1/completions have in common: how to choose tokens, when to stop, and what to
// send back. The names are OpenAI's where it has one, else vLLM's, else llama-server's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/keep_alive.h"
#include "base/text/describe.h"
#include "provider/language_model.h"
#include "serve/output_body.h"

namespace atelier {

struct StreamOptions {
  bool include_usage = false;
  bool continuous_usage_stats = false;
  static Fields Describe();
};

struct GenerationBody {
  std::optional<std::string> model;
  bool stream = false;
  std::optional<StreamOptions> stream_options;
  std::optional<int64_t> n, max_tokens, min_tokens;
  std::optional<int64_t> seed;

  std::optional<double> temperature, top_p, min_p, typical_p, top_n_sigma;
  std::optional<int64_t> top_k;
  std::optional<double> xtc_probability, xtc_threshold;
  std::optional<double> dry_multiplier, dry_base;
  std::optional<int64_t> dry_allowed_length, dry_penalty_last_n;
  std::optional<std::vector<std::string>> dry_sequence_breakers;
  std::optional<int64_t> mirostat;
  std::optional<double> mirostat_tau, mirostat_eta;
  std::optional<double> repetition_penalty, repeat_penalty, presence_penalty, frequency_penalty;
  std::optional<int64_t> repeat_last_n;
  std::map<std::string, double> logit_bias;

  OneOrMany<std::string> stop;
  std::vector<int64_t> stop_token_ids, allowed_token_ids;
  std::vector<std::string> bad_words;
  bool include_stop_str_in_output = false, ignore_eos = false, skip_special_tokens = true;

  std::optional<int64_t> prompt_logprobs;
  bool return_token_ids = false, return_tokens_as_token_ids = false;
  std::string cache_salt;
  bool cache_prompt = true;
  std::optional<int64_t> priority;
  std::optional<Json> keep_alive;
  OutputBody output;

  static Fields Describe();

  // Everything but the prompt and the logprobs. Errors name the parameter.
  Result<GenerationOptions> Options() const;
  // What absent sampling parameters stand for.
  static GenerationBody Defaults();
};

}  // namespace atelier
