#include "serve/ollama_options.h"

#include "serve/generation_body.h"

namespace atelier {
namespace {

constexpr double kMost = 2147483647;

}  // namespace

Fields OllamaOptions::Describe() {
  using O = OllamaOptions;
  static constexpr Field fields[] = {
      Key<&O::num_predict>("num_predict", "most tokens of the answer; below 1: as many as the context holds")
          .Between(-2, kMost),
      Key<&O::stop>("stop", "texts that end the answer").AtMostItems(kMaxStops),
      Key<&O::seed>("seed", "the same seed gives the same text; a negative one is drawn"),
      Key<&O::temperature>("temperature", "0 is greedy; 0.8 unless given").Between(0, 100),
      Key<&O::top_k>("top_k", "the k likeliest tokens, 0: all; 40 unless given").Between(0, kMost),
      Key<&O::top_p>("top_p", "the smallest set of tokens with this much probability; 0.9 unless given")
          .Between(1e-9, 1),
      Key<&O::min_p>("min_p", "tokens at least this likely, relative to the likeliest").Between(0, 1),
      Key<&O::typical_p>("typical_p", "locally typical sampling; 1: off").Between(1e-9, 1),
      Key<&O::repeat_penalty>("repeat_penalty", "divides logits of tokens seen, 1: off; 1.1 unless given")
          .Between(1e-3, 100),
      Key<&O::repeat_last_n>("repeat_last_n", "tokens the penalties look back, 0: off, -1: all; 64 unless given")
          .Between(-1, kMost),
      Key<&O::presence_penalty>("presence_penalty", "subtracted from logits of tokens in the output").Between(-2, 2),
      Key<&O::frequency_penalty>("frequency_penalty", "the same for each occurrence").Between(-2, 2),
      Key<&O::mirostat>("mirostat", "0: off, 2: version 2").Between(0, 2),
      Key<&O::mirostat_tau>("mirostat_tau", "its target surprise").Between(0, 100),
      Key<&O::mirostat_eta>("mirostat_eta", "its learning rate").Between(0, 1),
      Ignored("num_ctx", "the context is the model's, or engine.context"),
      Ignored("num_keep", "a full context ends the answer; nothing of it is dropped"),
      Ignored("num_batch", "engine.max_step_tokens"),
      Ignored("num_thread", "engine.threads"),
      Ignored("num_gpu", "there is no GPU here"),
      Ignored("main_gpu", "there is no GPU here"),
      Ignored("low_vram", "there is no GPU here"),
      Ignored("numa", "accepted without effect"),
      Ignored("f16_kv", "engine.kv_cache"),
      Ignored("logits_all", "logprobs are asked for by name"),
      Ignored("vocab_only", "accepted without effect"),
      Ignored("use_mmap", "files are mapped"),
      Ignored("use_mlock", "accepted without effect"),
      Ignored("embedding_only", "accepted without effect"),
      Unsupported("tfs_z", "tail free sampling").UnlessIs("1"),
      Unsupported("penalize_newline", "a line break is a token like any other").UnlessIs("true"),
  };
  return fields;
}

Result<GenerationOptions> OllamaOptions::Read() const {
  GenerationBody body;
  if (num_predict && *num_predict > 0) body.max_tokens = num_predict;
  if (seed && *seed >= 0) body.seed = seed;
  body.stop = stop;
  body.temperature = temperature.value_or(0.8);
  body.top_k = top_k.value_or(40);
  body.top_p = top_p.value_or(0.9);
  body.min_p = min_p, body.typical_p = typical_p;
  body.repeat_penalty = repeat_penalty.value_or(1.1);
  body.repeat_last_n = repeat_last_n.value_or(64);
  body.presence_penalty = presence_penalty, body.frequency_penalty = frequency_penalty;
  body.mirostat = mirostat, body.mirostat_tau = mirostat_tau, body.mirostat_eta = mirostat_eta;
  return body.Options();
}

}  // namespace atelier
