// What a model is asked, in tokens: the server and the provider have applied templates and tokenised.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/sample/sampling_params.h"

namespace atelier {

class Grammar;

// What every kind of request carries.
struct RequestOptions {
  std::string id = {};                            // shown in errors, logs and traces
  int32_t priority = 0;                           // smaller is served sooner; among equals, first come
  std::optional<Clock::TimePoint> deadline = {};  // passed: the request ends with a Timeout error
};

// Continue a prompt, n times.
struct GenerateRequest {
  RequestOptions options = {};
  std::vector<int32_t> prompt = {};  // at least one token; shorter than the context
  SamplingParams sampling = {};

  int32_t n = 1;        // choices delivered, 1..kMaxChoices
  int32_t best_of = 0;  // choices made, of which the n with the best mean logprob are delivered at the end; 0: n

  std::optional<int64_t> max_tokens =
      {};                  // per choice; none: until the context is full. Clipped to the context's room.
  int64_t min_tokens = 0;  // neither an ending token nor a stop string ends a choice before

  // What each choice must be, whole: it ends when the grammar lets it end and the model wants to, or nothing else can
  // follow. A choice that ends for another reason (stop strings, max_tokens) may be only the beginning of one.
  std::shared_ptr<const Grammar> grammar = {};
  // Choices are completed within max_tokens, if need be by the shortest way from where they are; one for which
  // max_tokens is too small from the start is cut. For JSON, expressions and choices. None: as EngineOptions say.
  std::optional<bool> prefer_closing = {};

  std::vector<std::string> stop = {};        // text that ends a choice, at most kMaxStops
  std::vector<int32_t> stop_token_ids = {};  // tokens that end a choice, beside the model's own
  bool include_stop_str = false;             // deliver the stop string (or the text of the stop token) too
  bool ignore_eos = false;                   // the model's own end tokens are text like any other
  bool skip_special_tokens = true;           // control tokens give no text
  bool mark_special_tokens = false;          // they give ControlText (tokenizer.h), for who reads calls out of the text

  std::optional<int32_t> logprobs = {};  // none: not delivered; k: of each token and the k likeliest (<= kMaxLogprobs)
  std::optional<int32_t> prompt_logprobs = {};  // the same of the prompt's tokens, from the one at this place on:
  int64_t prompt_logprobs_from = 1;             // those before it may come from the prefix cache, so 1 reads none of it

  std::string cache_salt = {};  // requests share cached prefixes only under equal salts
  bool read_prefix_cache = true;
};

// The vector of each input (what the architecture pools).
struct EmbedRequest {
  RequestOptions options = {};
  std::vector<std::vector<int32_t>> inputs = {};  // each with the special tokens that the model wants
  bool truncate = false;       // cut inputs to the context (keeping the last token) instead of an error
  int64_t max_tokens = 0;      // where `truncate` cuts, if that is before the context ends; 0: only there
  bool token_vectors = false;  // also what was pooled, a vector for each token (Sink::OnTokenVectors)
};

// The score of each pair (query, document), by a cross-encoder.
struct RerankRequest {
  struct Pair {
    std::vector<int32_t> tokens = {};    // [CLS] query [SEP] document [SEP], as the model wants it
    std::vector<int32_t> segments = {};  // 0 query, 1 document; as long as tokens, or empty where the model has none
  };
  RequestOptions options = {};
  std::vector<Pair> pairs = {};
  bool truncate = false;  // cut documents to the context (keeping the last token) instead of an error
};

inline constexpr int32_t kMaxChoices = 128;   // the OpenAI API's bound for n
inline constexpr int32_t kMaxStops = 64;      // OpenAI: 4; agents send more
inline constexpr int32_t kMaxLogprobs = 100;  // OpenAI: 20
inline constexpr int32_t kMaxInputs = 2048;   // the OpenAI API's bound for embeddings

}  // namespace atelier
