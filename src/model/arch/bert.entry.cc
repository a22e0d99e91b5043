// BERT: encoder with learned positions and post-norm layers [arXiv:1810.04805]. As an embedder (MiniLM, bge, e5) its
// rows are pooled into one vector per sequence; as a cross-encoder (ms-marco-MiniLM) the first row goes through the
// pooler and a classifier, and the scores are what the classifier gives, without a sigmoid.
#include <algorithm>
#include <utility>

#include "model/arch/arch_entry.h"
#include "model/arch/rename.h"
#include "model/layer/encoder.h"

namespace atelier {
namespace {

constexpr Range kSize = {1, int64_t{1} << 24};
constexpr ConfigKey kActivationKey = {"", "hidden_act"};

EncoderConfig ReadEncoder(const ArchInput& input) {
  ConfigReader& config = input.config;
  const Tensor* table = input.weights.Find("token_embd.weight");
  const Tensor* types = input.weights.Find("token_types.weight");
  EncoderConfig c;
  c.vocabulary = config.IntegerOr({"", "vocab_size"}, table == nullptr ? 1 : table->rows(), kSize);
  c.width = config.Integer({"embedding_length", "hidden_size"}, kSize);
  c.num_layers = config.Integer({"block_count", "num_hidden_layers"}, {1, 4096});
  c.ffn_width = config.Integer({"feed_forward_length", "intermediate_size"}, kSize);
  c.max_positions = config.Integer({"context_length", "max_position_embeddings"}, kSize);
  c.num_token_types = config.IntegerOr({"", "type_vocab_size"}, types == nullptr ? 1 : types->rows(), kSize);
  c.norm_eps = static_cast<float>(config.PositiveOr({"attention.layer_norm_epsilon", "layer_norm_eps"}, 1e-12));
  c.attention.heads = config.Integer({"attention.head_count", "num_attention_heads"}, {1, 4096});
  c.attention.kv_heads = c.attention.heads;
  c.attention.causal = false;
  c.attention.qkv_bias = BiasRule::kRequired;
  c.attention.output_bias = BiasRule::kRequired;
  if (c.width % c.attention.heads != 0) {
    config.Fault(
        {"attention.head_count", "num_attention_heads"},
        "got " + std::to_string(c.attention.heads) + ", want a divisor of the width " + std::to_string(c.width));
  }
  c.attention.head_dim = std::max<int64_t>(1, c.width / c.attention.heads);
  const Result<Activation> activation = ParseActivation(config.TextOr(kActivationKey, "gelu"));
  if (!activation.ok()) config.Fault(kActivationKey, activation.error().what);
  if (activation.ok()) c.activation = *activation;
  const ConfigKey decoder = {"attention.causal", "is_decoder|is_causal"};
  if (config.FlagOr(decoder, false)) config.Fault(decoder, "got true, want false of an encoder");
  const ConfigKey quantised[] = {{"", "quantization_config"}};
  config.Refuse(quantised);
  const ConfigKey positions = {"", "position_embedding_type"};
  if (const std::string type = config.TextOr(positions, "absolute"); type != "absolute") {
    config.Fault(positions, "got '" + type + "', want absolute");
  }
  return c;
}

// [T, E]. Weights: token_embd [V, E], position_embd, token_types [.., E], token_embd_norm [E], and those of the layers.
Value Encode(Ops& ops, const EncoderConfig& c, const Weights& w) {
  Value x = ops.Embed(EmbedIndex::kToken, "token_embd.weight", c.vocabulary, c.width);
  x = ops.Add(x, ops.Embed(EmbedIndex::kTokenType, "token_types.weight", c.num_token_types, c.width));
  x = ops.Add(x, ops.Embed(EmbedIndex::kPosition, "position_embd.weight", c.max_positions, c.width));
  x = ops.LayerNorm(x, w.WithBias("token_embd_norm"), c.norm_eps);
  ops.Tap(x, "embed");
  for (int64_t i = 0; i < c.num_layers; ++i) {
    x = PostNormLayer(ops, c, w.Block(i), x);
    ops.Tap(x, "blk." + std::to_string(i) + ".out");
  }
  return x;
}

// Scores [S, labels] from the first row. A classifier may stand on it directly (GGUF files made without the pooler).
Value Classify(Ops& ops, const Weights& w, Value x, int64_t num_labels) {
  x = ops.Pool(x, {PoolKind::kCls, false});
  if (w.Has("cls.weight")) x = ops.Activate(ops.Linear(x, w.WithBias("cls"), ops.cols(x)), Activation::kTanh);
  return ops.Linear(x, w("cls.output"), num_labels);
}

Result<ArchOutput> Build(const ArchInput& input) {
  const EncoderConfig c = ReadEncoder(input);
  const Tensor* classifier = input.weights.Find("cls.output.weight");
  ArchOutput out;
  out.summary.labels = input.config.Labels({"classifier.output_labels", "id2label"});
  TRY_VOID(input.config.Check());
  out.summary.task = input.task.value_or(classifier != nullptr ? ModelTask::kScore : ModelTask::kEmbed);
  Ops ops;
  Value x = Encode(ops, c, input.weights);
  switch (out.summary.task) {
    case ModelTask::kGenerate: return Error::Unsupported("task", "got generate, want embed or score of an encoder");
    case ModelTask::kScore:
      out.summary.num_labels = classifier == nullptr ? 1 : classifier->rows();
      x = Classify(ops, input.weights, x, out.summary.num_labels);
      break;
    case ModelTask::kEmbed:
      out.summary.labels.clear();
      out.summary.pooling = input.pooling.value_or(PoolSpec{PoolKind::kMean, true});
      x = ops.Pool(x, out.summary.pooling);
      out.spare = {"cls."};
      break;
  }
  TRY(out.graph, std::move(ops).Finish(x));
  out.summary.vocabulary = c.vocabulary;
  out.summary.context_length = c.max_positions;
  out.summary.width = c.width;
  out.summary.num_layers = c.num_layers;
  out.summary.heads = out.summary.kv_heads = c.attention.heads;
  out.summary.head_dim = c.attention.head_dim;
  out.summary.ffn_width = c.ffn_width;
  out.summary.needs_whole_sequence = true;
  return out;
}

std::string RenameBert(std::string_view name, const ConfigReader&) {
  static constexpr RenameRule kRules[] = {
      {"embeddings.word_embeddings", "token_embd"},
      {"embeddings.position_embeddings", "position_embd"},
      {"embeddings.token_type_embeddings", "token_types"},
      {"embeddings.LayerNorm", "token_embd_norm"},
      {"encoder.layer.#.attention.self.query", "blk.#.attn_q"},
      {"encoder.layer.#.attention.self.key", "blk.#.attn_k"},
      {"encoder.layer.#.attention.self.value", "blk.#.attn_v"},
      {"encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
      {"encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_output_norm"},
      {"encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
      {"encoder.layer.#.output.dense", "blk.#.ffn_down"},
      {"encoder.layer.#.output.LayerNorm", "blk.#.layer_output_norm"},
      {"pooler.dense", "cls"},
      {"classifier", "cls.output"},
      {"embeddings", ""},       // position_ids, token_type_ids: counted here
      {"cls.predictions", ""},  // what the pre-training needed
      {"cls.predictions.transform.dense", ""},
      {"cls.predictions.transform.LayerNorm", ""},
      {"cls.predictions.decoder", ""},
      {"cls.seq_relationship", ""},
  };
  std::string renamed = Rename(name, {"bert.", "auto_model.", "model."}, kRules);
  // Checkpoints of the first years call a norm's weight and bias gamma and beta.
  if (renamed.ends_with("norm.gamma")) renamed.replace(renamed.size() - 5, 5, "weight");
  if (renamed.ends_with("norm.beta")) renamed.replace(renamed.size() - 4, 4, "bias");
  return renamed;
}

constexpr std::string_view kModelTypes[] = {"bert"};

}  // namespace

extern const ArchEntry arch_bert{"bert", kModelTypes, Build, RenameBert};

}  // namespace atelier
