#include "engine/sample/sampling_params.h"

#include <cmath>
#include <string>

namespace atelier {
namespace {

std::string Shown(float value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

struct Range {
  const char* name;
  float value;
  float low;
  float high;
  bool low_excluded = false;
};

Result<void> CheckRange(const Range& r) {
  if (std::isfinite(r.value) && r.value >= r.low && r.value <= r.high && !(r.low_excluded && r.value == r.low))
    return {};
  return Error::Invalid(r.name, "got " + Shown(r.value) + ", want a number " + (r.low_excluded ? "above " : "from ") +
                                    Shown(r.low) + " to " + Shown(r.high));
}

Result<void> CheckToken(const std::string& where, int32_t token, int32_t num_tokens) {
  if (token >= 0 && token < num_tokens) return {};
  return Error::Invalid(where, "got token " + std::to_string(token) + ", want one below " + std::to_string(num_tokens));
}

Result<void> CheckTokens(const SamplingParams& params, int32_t num_tokens) {
  for (const auto& [token, bias] : params.logit_bias) {
    TRY_VOID(CheckToken("logit_bias", token, num_tokens));
    TRY_VOID(CheckRange({"logit_bias", bias, -100, 100}));
  }
  for (const int32_t token : params.allowed_token_ids) TRY_VOID(CheckToken("allowed_token_ids", token, num_tokens));
  for (size_t i = 0; i < params.bad_words.size(); ++i) {
    const std::string where = "bad_words[" + std::to_string(i) + "]";
    if (params.bad_words[i].empty()) return Error::Invalid(where, "got no token, want at least one");
    for (const int32_t token : params.bad_words[i]) TRY_VOID(CheckToken(where, token, num_tokens));
  }
  return {};
}

}  // namespace

Result<void> CheckSamplingParams(const SamplingParams& p, int32_t num_tokens) {
  constexpr float kMuch = 1e6F;
  const Range ranges[] = {
      {"temperature", p.temperature, 0, 100},
      {"top_p", p.top_p, 0, 1, true},
      {"min_p", p.min_p, 0, 1},
      {"typical_p", p.typical_p, 0, 1, true},
      {"top_n_sigma", p.top_n_sigma, 0, kMuch},
      {"xtc_probability", p.xtc_probability, 0, 1},
      {"xtc_threshold", p.xtc_threshold, 0, 1},
      {"dry_multiplier", p.dry_multiplier, 0, kMuch},
      {"dry_base", p.dry_base, 1, kMuch},
      {"mirostat_tau", p.mirostat_tau, 0, kMuch},
      {"mirostat_eta", p.mirostat_eta, 0, kMuch},
      {"repetition_penalty", p.repetition_penalty, 0, kMuch, true},
      {"presence_penalty", p.presence_penalty, -2, 2},
      {"frequency_penalty", p.frequency_penalty, -2, 2},
  };
  for (const Range& range : ranges) TRY_VOID(CheckRange(range));
  const auto count = [](const char* name, int32_t value, int32_t low) -> Result<void> {
    if (value >= low) return {};
    return Error::Invalid(name, "got " + std::to_string(value) + ", want at least " + std::to_string(low));
  };
  TRY_VOID(count("top_k", p.top_k, 0));
  TRY_VOID(count("dry_allowed_length", p.dry_allowed_length, 0));
  TRY_VOID(count("dry_last_n", p.dry_last_n, -1));
  TRY_VOID(count("penalty_last_n", p.penalty_last_n, -1));
  if (p.mirostat != 0 && p.mirostat != 2) {
    return Error::Invalid("mirostat", "got " + std::to_string(p.mirostat) + ", want 0 or 2");
  }
  return CheckTokens(p, num_tokens);
}

}  // namespace atelier
