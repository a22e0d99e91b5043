#include "serve/sampling_body.h"

namespace atelier {
namespace {

Json Texts(const std::vector<std::string>& texts) {
  Json list = Json::Array();
  for (const std::string& text : texts) list.Push(text);
  return list;
}

// The chain's order (docs/sampling.md), under llama-server's names.
Json ChainNames() {
  return Json::Array({"penalties", "dry", "temperature", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc"});
}

}  // namespace

Json SamplingBody(const GenerationOptions& options, bool stream) {
  const GenerateRequest& request = options.request;
  const SamplingParams& sampling = request.sampling;
  const int64_t num_predict = request.max_tokens.value_or(-1);
  Json bias = Json::Array();
  for (const auto& [token, added] : sampling.logit_bias) {
    bias.Push(Json::Object({{"token", token}, {"bias", static_cast<double>(added)}}));
  }
  Json body = Json::Object({
      {"n_predict", num_predict},
      {"max_tokens", num_predict},
      {"seed", options.seed ? Json(*options.seed) : Json(-1)},
      {"temperature", static_cast<double>(sampling.temperature)},
      {"top_k", sampling.top_k},
      {"top_p", static_cast<double>(sampling.top_p)},
      {"min_p", static_cast<double>(sampling.min_p)},
      {"typical_p", static_cast<double>(sampling.typical_p)},
      {"top_n_sigma", static_cast<double>(sampling.top_n_sigma)},
      {"xtc_probability", static_cast<double>(sampling.xtc_probability)},
      {"xtc_threshold", static_cast<double>(sampling.xtc_threshold)},
      {"repeat_last_n", sampling.penalty_last_n},
      {"repeat_penalty", static_cast<double>(sampling.repetition_penalty)},
      {"presence_penalty", static_cast<double>(sampling.presence_penalty)},
      {"frequency_penalty", static_cast<double>(sampling.frequency_penalty)},
      {"dry_multiplier", static_cast<double>(sampling.dry_multiplier)},
      {"dry_base", static_cast<double>(sampling.dry_base)},
      {"dry_allowed_length", sampling.dry_allowed_length},
      {"dry_penalty_last_n", sampling.dry_last_n},
      {"mirostat", sampling.mirostat},
      {"mirostat_tau", static_cast<double>(sampling.mirostat_tau)},
      {"mirostat_eta", static_cast<double>(sampling.mirostat_eta)},
      {"n_keep", 0},
      {"n_discard", 0},
      {"n_probs", request.logprobs.value_or(0)},
      {"min_keep", 0},
      {"ignore_eos", request.ignore_eos},
      {"stream", stream},
      {"grammar", ""},
      {"timings_per_token", false},
  });
  body.Set("dry_sequence_breakers", Texts(sampling.dry_breakers));
  body.Set("stop", Texts(request.stop));
  body.Set("logit_bias", std::move(bias));
  body.Set("samplers", ChainNames());
  return body;
}

}  // namespace atelier
