#include "model/arch/rope_config.h"

#include <cmath>
#include <string>

namespace atelier {
namespace {

constexpr double kLongestContext = 1 << 30;  // tokens, as max_position_embeddings is bounded
constexpr ConfigKey kType = {"rope.scaling.type",
                             "rope_scaling.rope_type|rope_scaling.type|rope_parameters.rope_type|rope_parameters.type"};
constexpr ConfigKey kFactor = {"rope.scaling.factor|rope.scale_linear", "rope_scaling.factor|rope_parameters.factor"};
constexpr ConfigKey kOriginal = {"rope.scaling.original_context_length",
                                 "rope_scaling.original_max_position_embeddings|"
                                 "rope_parameters.original_max_position_embeddings|original_max_position_embeddings"};
constexpr ConfigKey kAttentionFactor = {"rope.scaling.yarn_attn_factor",
                                        "rope_scaling.attention_factor|rope_parameters.attention_factor"};

RopeScaling::Kind ParseKind(ConfigReader& config, const std::string& type) {
  if (type == "none" || type == "default") return RopeScaling::Kind::kNone;
  if (type == "linear") return RopeScaling::Kind::kLinear;
  if (type == "llama3" && !config.is_gguf()) return RopeScaling::Kind::kLlama3;
  if (type == "yarn") return RopeScaling::Kind::kYarn;
  config.Fault(kType, "got '" + type + "', want none, linear, llama3 or yarn");
  return RopeScaling::Kind::kNone;
}

void ReadYarn(ConfigReader& config, RopeScaling& scaling) {
  const auto number = [&](ConfigKey key, float fallback) {
    return static_cast<float>(config.PositiveOr(key, fallback));
  };
  scaling.beta_fast = number({"rope.scaling.yarn_beta_fast", "rope_scaling.beta_fast|rope_parameters.beta_fast"}, 32);
  scaling.beta_slow = number({"rope.scaling.yarn_beta_slow", "rope_scaling.beta_slow|rope_parameters.beta_slow"}, 1);
  scaling.ext_factor = number({"rope.scaling.yarn_ext_factor", ""}, 1);
  scaling.truncate = config.FlagOr({"", "rope_scaling.truncate|rope_parameters.truncate"}, true);
  if (config.Has(kAttentionFactor)) scaling.attention_factor = number(kAttentionFactor, 1);
  // GGUF keeps only the second of the pair; the first is 1 then. 0 means that there is none.
  const ConfigKey mscale = {"", "rope_scaling.mscale|rope_parameters.mscale"};
  const ConfigKey all_dim = {"rope.scaling.yarn_log_multiplier",
                             "rope_scaling.mscale_all_dim|rope_parameters.mscale_all_dim"};
  scaling.mscale = static_cast<float>(config.NumberOr(mscale, config.is_gguf() ? 1 : 0));
  scaling.mscale_all_dim = static_cast<float>(config.NumberOr(all_dim, 0));
}

RopeScaling ReadScaling(ConfigReader& config, int64_t context_length) {
  RopeScaling scaling;
  // GGUF files of the first years name a factor and no type: a linear one.
  const bool is_unnamed = config.is_gguf() && config.NumberOr(kFactor, 0) != 0;
  scaling.kind = ParseKind(config, config.TextOr(kType, is_unnamed ? "linear" : "none"));
  if (scaling.kind == RopeScaling::Kind::kNone) return scaling;
  scaling.original_context = config.IntegerOr(kOriginal, context_length, {1, int64_t{1} << 31});
  scaling.factor = static_cast<float>(config.Positive(kFactor));
  if (scaling.kind == RopeScaling::Kind::kLlama3) {
    const auto number = [&](ConfigKey key) { return static_cast<float>(config.Positive(key)); };
    scaling.low_freq_factor = number({"", "rope_scaling.low_freq_factor|rope_parameters.low_freq_factor"});
    scaling.high_freq_factor = number({"", "rope_scaling.high_freq_factor|rope_parameters.high_freq_factor"});
  }
  if (scaling.kind == RopeScaling::Kind::kYarn) ReadYarn(config, scaling);
  return scaling;
}

// GGUF's tensor of divisors, or nothing.
Result<std::vector<float>> ReadFactors(const Weights& w, int64_t dims) {
  if (!w.Has("rope_freqs.weight")) return std::vector<float>();
  return w.store().ReadF32({"rope_freqs.weight", 1, dims / 2});
}

}  // namespace

RopeConfig ReadRope(ConfigReader& config, const Weights& w, int64_t head_dim, int64_t context_length) {
  RopeConfig rope;
  const double theta = config.PositiveOr({"rope.freq_base", "rope_theta|rope_parameters.rope_theta"}, 10000);
  int64_t dims = config.IntegerOr({"rope.dimension_count", ""}, head_dim, {2, head_dim});
  const ConfigKey partial = {"", "partial_rotary_factor|rope_parameters.partial_rotary_factor"};
  if (config.Has(partial)) {
    const double share = std::fmin(config.PositiveOr(partial, 1), 1);
    dims = static_cast<int64_t>(static_cast<double>(head_dim) * share);
  }
  const RopeScaling scaling = ReadScaling(config, context_length);
  const Result<std::vector<float>> factors = ReadFactors(w, dims);
  if (!factors.ok()) {
    config.Fault(factors.error());
    return rope;
  }
  Result<RopeFrequencySet> frequencies = RopeFrequencies(theta, dims, scaling, *factors);
  if (!frequencies.ok()) {
    config.Fault({"rope.scaling", "rope_scaling"}, frequencies.error().Message());
    return rope;
  }
  rope.frequencies = std::move(*frequencies);
  rope.frequencies.magnitude *= static_cast<float>(config.PositiveOr({"rope.scaling.attn_factor", ""}, 1));
  if (scaling.kind == RopeScaling::Kind::kYarn && config.Has(kOriginal)) {
    const double scaled = static_cast<double>(scaling.original_context) * scaling.factor;
    rope.scaled_context = static_cast<int64_t>(std::fmin(scaled, kLongestContext));
  }
  return rope;
}

}  // namespace atelier
