// What the engine tells: to the Sink of a request what became of it, to the EngineListener what metrics count.
//
// Both are called on the engine thread, between steps, and must neither block nor call back into the engine other than
// Handle::Cancel(). Spans and views die when the call returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "engine/sample/sampler.h"

namespace atelier {

enum class FinishReason {
  kStop,       // an ending token or a stop string
  kLength,     // max_tokens, or the context is full
  kCancelled,  // Handle::Cancel
  kError,      // Finished::error says why
};
// "stop", "length", "cancelled", "error".
std::string_view FinishReasonName(FinishReason reason);

// New tokens of one choice. Text may lag behind tokens: it waits for a UTF-8 character to be whole, and while it could
// be the beginning of a stop string. All texts of a choice joined are its whole text, valid UTF-8 (bytes that are none
// come as U+FFFD).
struct Delta {
  int32_t choice = 0;
  std::span<const int32_t> tokens;
  std::string_view text;
  std::span<const LogprobEntry> logprobs;  // one for each token, where asked
};

struct ChoiceFinish {
  int32_t choice = 0;
  FinishReason reason = FinishReason::kStop;
  std::string_view stop_string;       // the stop string that matched, else empty
  std::optional<int32_t> stop_token;  // the token that ended it, if one did
  int64_t num_tokens = 0;             // generated, the ending token included
};

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;      // of these, taken from the prefix cache when the request first ran
  int64_t completion_tokens = 0;  // over all choices made
};

// When things happened, for metrics and spans. A time that never came equals the one before it.
struct RequestTimes {
  Clock::TimePoint submitted;
  Clock::TimePoint scheduled;    // first row of the prompt in a step
  Clock::TimePoint first_token;  // end of prefill
  Clock::TimePoint last_token;
  Clock::TimePoint finished;
  int32_t num_preemptions = 0;
};

struct Finished {
  Usage usage;
  RequestTimes times;
  // Of the whole: kCancelled and kError end all choices; kLength: it cut at least one.
  FinishReason reason = FinishReason::kStop;
  const Error* error = nullptr;  // with kError: Timeout for a deadline, else what broke
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Generate: once, before any delta, where prompt logprobs were asked: entries[i] is of prompt[i + from], where from
  // is the request's prompt_logprobs_from.
  virtual void OnPromptLogprobs(std::span<const LogprobEntry> /*entries*/) {}
  // Generate: before each token is chosen, what it is chosen from: the model's own logits [V] of the position
  // `position`. Not of tokens that a grammar forces, unless logprobs are asked. For tools and tests that look at
  // distributions.
  virtual void OnLogits(int32_t /*choice*/, int64_t /*position*/, std::span<const float> /*logits*/) {}
  // A token that ends its choice comes too, in the last delta.
  virtual void OnDelta(const Delta& /*delta*/) {}
  virtual void OnChoiceFinish(const ChoiceFinish& /*finish*/) {}
  // Embed: the vector [E] of inputs[index], in any order of indices. Rerank: one logit.
  virtual void OnVector(int32_t /*index*/, std::span<const float> /*vector*/) {}
  // Embed with token_vectors: the vectors [T, E] of the tokens of inputs[index], before its OnVector. Of a model that
  // does not end in pooling: none.
  virtual void OnTokenVectors(int32_t /*index*/, std::span<const float> /*vectors*/) {}
  // Once, last, whatever happened.
  virtual void OnFinish(const Finished& finished) = 0;
};

// One step of one model.
struct StepFigures {
  int32_t num_tokens = 0;          // rows that ran
  int32_t num_prefill_tokens = 0;  // of these
  int32_t num_sequences = 0;
  std::chrono::nanoseconds duration{};
};

struct RequestFigures {
  Usage usage = {};
  RequestTimes times = {};
  FinishReason reason = FinishReason::kStop;
  int32_t n = 1;
  int64_t longest_choice = 0;  // tokens
  std::optional<int64_t> max_tokens = {};
  bool generated = false;  // false: embedding or reranking
};

class EngineListener {
 public:
  virtual ~EngineListener() = default;
  virtual void OnStep(const StepFigures& /*figures*/) {}
  virtual void OnFirstToken(std::chrono::nanoseconds /*since_submitted*/) {}
  virtual void OnNextToken(std::chrono::nanoseconds /*since_previous*/) {}
  virtual void OnPreemption() {}
  virtual void OnRequestFinish(const RequestFigures& /*figures*/) {}
};

}  // namespace atelier
