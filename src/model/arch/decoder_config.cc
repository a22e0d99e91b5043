#include "model/arch/decoder_config.h"

#include <algorithm>
#include <utility>

#include "model/arch/rename.h"
#include "model/arch/rope_config.h"

namespace atelier {
namespace {

constexpr Range kSize = {1, int64_t{1} << 24};
constexpr Range kCount = {1, 4096};
constexpr ConfigKey kActivationKey = {"", "hidden_act|hidden_activation"};

// What would change the model and is not done here: better refused than left out.
constexpr ConfigKey kRefused[] = {
    {"expert_count", "num_local_experts|num_experts"},
    {"attention.temperature_length", ""},
    {"attention.scale", ""},
    {"attention.clamp_kqv", ""},
    {"attention.max_alibi_bias", ""},
    {"logit_scale", "logit_scale|logits_scaling"},
    {"embedding_scale", "embedding_multiplier"},
    {"residual_scale", "residual_multiplier"},
    {"attn_logit_softcapping", "attn_logit_softcapping"},
    {"final_logit_softcapping", "final_logit_softcapping"},
    {"", "quantization_config"},
};

// The vocabulary is as large as the table that is there; config.json says so too and has to agree.
int64_t ReadVocabulary(const ArchInput& input) {
  const Tensor* table = input.weights.Find("token_embd.weight");
  const int64_t rows = table == nullptr ? 1 : table->rows();
  return input.config.IntegerOr({"", "vocab_size"}, rows, kSize);
}

void ReadHeads(ConfigReader& config, const DecoderDefaults& defaults, int64_t width, AttentionConfig& attention) {
  const ConfigKey heads = {"attention.head_count", "num_attention_heads"};
  const ConfigKey kv_heads = {"attention.head_count_kv", "num_key_value_heads"};
  const ConfigKey head_dim = {"attention.key_length", "head_dim"};
  attention.heads = config.Integer(heads, kCount);
  attention.kv_heads = config.IntegerOr(kv_heads, attention.heads, {1, attention.heads});
  if (attention.heads % attention.kv_heads != 0) {
    config.Fault(kv_heads, "got " + std::to_string(attention.kv_heads) + ", want a divisor of " +
                               std::to_string(attention.heads) + " heads");
  }
  if (defaults.head_dim == 0 && !config.Has(head_dim) && width % attention.heads != 0) {
    config.Fault(heads,
                 "got " + std::to_string(attention.heads) + ", want a divisor of the width " + std::to_string(width));
  }
  const int64_t fallback = defaults.head_dim > 0 ? defaults.head_dim : std::max<int64_t>(1, width / attention.heads);
  attention.head_dim = config.IntegerOr(head_dim, fallback, {2, 4096});
  const int64_t value_dim = config.IntegerOr({"attention.value_length", ""}, attention.head_dim, {1, 4096});
  if (value_dim != attention.head_dim) {
    config.Fault({"attention.value_length", ""}, "got " + std::to_string(value_dim) + ", want " +
                                                     std::to_string(attention.head_dim) + " as attention.key_length");
  }
}

// A window that every layer looks through is no different from none up to its width, so the context ends there.
int64_t WithinWindow(ConfigReader& config, int64_t context_length) {
  const ConfigKey window = {"attention.sliding_window", "sliding_window"};
  if (!config.Has(window) || !config.FlagOr({"", "use_sliding_window"}, true)) return context_length;
  const int64_t width = config.IntegerOr(window, 0, {0, int64_t{1} << 31});
  return width == 0 ? context_length : std::min(context_length, width);
}

}  // namespace

DecoderFile ReadDecoder(const ArchInput& input, const DecoderDefaults& defaults) {
  ConfigReader& config = input.config;
  DecoderFile file;
  DecoderConfig& c = file.decoder;
  config.Refuse(kRefused);
  const ConfigKey causal = {"attention.causal", "is_causal"};
  if (!config.FlagOr(causal, true)) config.Fault(causal, "got false, want true of a decoder");
  c.vocabulary = ReadVocabulary(input);
  c.width = config.Integer({"embedding_length", "hidden_size"}, kSize);
  c.num_layers = config.Integer({"block_count", "num_hidden_layers"}, kCount);
  c.ffn_width = config.Integer({"feed_forward_length", "intermediate_size"}, kSize);
  c.norm_eps =
      static_cast<float>(config.PositiveOr({"attention.layer_norm_rms_epsilon", "rms_norm_eps"}, defaults.norm_eps));
  const Result<Activation> activation = ParseActivation(config.TextOr(kActivationKey, "silu"));
  if (!activation.ok()) config.Fault(kActivationKey, activation.error().what);
  if (activation.ok()) c.activation = *activation;
  ReadHeads(config, defaults, c.width, c.attention);
  c.attention.causal = true;
  const int64_t trained = config.Integer({"context_length", "max_position_embeddings"}, {1, int64_t{1} << 30});
  RopeConfig rope = ReadRope(config, input.weights, c.attention.head_dim, trained);
  c.attention.rope = std::move(rope.frequencies);
  file.context_length = WithinWindow(config, std::max(trained, rope.scaled_context));
  return file;
}

Result<ArchOutput> BuildDecoder(const ArchInput& input, DecoderFile file, const LayerFunction& layer) {
  TRY_VOID(input.config.Check());
  DecoderConfig& c = file.decoder;
  ArchOutput out;
  const ModelTask made_for = input.pooling ? ModelTask::kEmbed : ModelTask::kGenerate;
  out.summary.task = input.task.value_or(made_for);
  if (out.summary.task == ModelTask::kScore)
    return Error::Unsupported("task", "got score, want generate or embed of a decoder");
  if (out.summary.task == ModelTask::kEmbed) {
    c.pooling = input.pooling.value_or(PoolSpec{PoolKind::kLast, true});
    out.summary.pooling = *c.pooling;
    out.summary.needs_whole_sequence = c.pooling->kind == PoolKind::kMean;
    out.spare.push_back("output.");
  }
  TRY(out.graph, Decoder(c, input.weights, layer));
  out.summary.vocabulary = c.vocabulary;
  out.summary.context_length = file.context_length;
  out.summary.width = c.width;
  out.summary.num_layers = c.num_layers;
  out.summary.heads = c.attention.heads;
  out.summary.kv_heads = c.attention.kv_heads;
  out.summary.head_dim = c.attention.head_dim;
  out.summary.ffn_width = c.ffn_width;
  return out;
}

std::string RenameDecoder(std::string_view name, const ConfigReader& config) {
  static constexpr RenameRule kRules[] = {
      {"embed_tokens", "token_embd"},
      {"norm", "output_norm"},
      {"lm_head", "output"},
      {"layers.#.input_layernorm", "blk.#.attn_norm"},
      {"layers.#.self_attn.q_proj", "blk.#.attn_q"},
      {"layers.#.self_attn.k_proj", "blk.#.attn_k"},
      {"layers.#.self_attn.v_proj", "blk.#.attn_v"},
      {"layers.#.self_attn.o_proj", "blk.#.attn_output"},
      {"layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
      {"layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
      {"layers.#.self_attn.rotary_emb", ""},
      {"layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
      {"layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
      {"layers.#.mlp.up_proj", "blk.#.ffn_up"},
      {"layers.#.mlp.down_proj", "blk.#.ffn_down"},
  };
  std::string renamed = Rename(name, {"model."}, kRules);
  // transformers, too, takes the embeddings for a tied output, whatever copy the file holds.
  ConfigReader reader = config;
  if (renamed == "output.weight" && reader.FlagOr({"", "tie_word_embeddings"}, false)) return "";
  return renamed;
}

}  // namespace atelier
