// What the engine keeps of a request in flight: one RequestState, and a Sequence for each choice or input. The engine
// thread alone touches them, but for RequestControl.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/cache/cache_kind.h"
#include "engine/constrained_choice.h"
#include "engine/events.h"
#include "engine/request.h"
#include "engine/sample/sampler.h"
#include "engine/text_stream.h"

namespace atelier {

// How other threads reach an engine that may be gone.
struct EngineSignal {
  std::atomic<uint64_t> num_cancels = 0;  // Cancel calls so far; a change makes the engine look
  std::mutex mutex;
  std::function<void()> wake;  // under mutex; empty once the engine is gone

  void Wake() {
    const std::lock_guard lock(mutex);
    if (wake) wake();
  }
};

// What a Handle shares with its request.
struct RequestControl {
  std::atomic<bool> cancelled = false;
  std::shared_ptr<EngineSignal> signal;
};

struct RequestState;

inline constexpr int64_t kMaxJump = 16;  // forced tokens that go into one step of a sequence, beside the one chosen

// Tokens that are to follow each other, and how far they are computed.
//
// Invariant: 0 <= num_computed <= tokens.size(). When all are computed, the logits of the last give the next token.
struct Sequence {
  RequestState* request = nullptr;
  int32_t index = 0;  // choice, or place of the input
  std::vector<int32_t> tokens;
  std::vector<int32_t> segments;  // cross-encoders; else empty
  int64_t num_computed = 0;
  std::unique_ptr<CacheHold> hold;
  bool running = false;  // holds cache; else waits
  bool done = false;

  // What the next step does of it: tokens[num_computed, num_computed + slice_size).
  int64_t slice_size = 0;
  // Rows of the slice before this one give no logits. slice_size: none does.
  int64_t first_output = 0;

  // Of generations, once the first token is chosen.
  std::optional<Sampler> sampler;
  std::optional<TextStream> text;
  std::optional<ConstrainedChoice> constrained;  // where the request has a grammar
  Clock::TimePoint last_token_time;
  int64_t num_told = 0;    // tokens of prompt and output that the sink knows; those behind were forced, and wait for
                           // their logprobs
  double logprob_sum = 0;  // of the tokens chosen, where best_of asks

  // It only waits for its next token, with at most some that were forced before it.
  bool decodes() const { return num_left() == 1 || (sampler && num_left() <= 1 + kMaxJump); }
  int64_t num_left() const { return static_cast<int64_t>(tokens.size()) - num_computed; }
};

// A choice that is held back until all are known (best_of).
struct HeldChoice {
  std::vector<int32_t> tokens;
  std::string text;
  std::vector<LogprobEntry> logprobs;
  FinishReason reason = FinishReason::kStop;
  std::string stop_string;
  std::optional<int32_t> stop_token;
  double mean_logprob = 0;
};

struct RequestState {
  uint64_t arrival = 0;  // order of submission
  RequestOptions options;
  std::shared_ptr<Sink> sink;
  std::shared_ptr<RequestControl> control;
  std::optional<GenerateRequest> generate;  // none: embed or rerank
  bool wants_token_vectors = false;         // of embeddings
  int64_t prompt_size = 0;                  // of generations
  int64_t max_tokens = 0;                   // clipped to the context
  std::vector<int32_t> ending_ids;          // sorted
  std::vector<int32_t> dry_breaker_ids;     // sorted
  PrefixScope scope;
  bool reads_prefix_cache = false;

  std::vector<std::unique_ptr<Sequence>> sequences;
  int32_t num_unfinished = 0;  // sequences
  bool started = false;        // a row of it ran
  bool any_cut = false;        // a choice ended for want of room, not by itself
  int64_t longest_choice = 0;  // tokens, of those that ended
  std::vector<LogprobEntry> prompt_logprobs;
  std::vector<HeldChoice> held;  // by choice; empty unless best_of
  Usage usage;
  RequestTimes times;

  bool wants_prompt_logprobs() const { return generate && generate->prompt_logprobs; }
  // The prompt's token whose logprob comes next; prompt_size once all are known, or where none is wanted.
  int64_t next_prompt_logprob() const {
    if (!wants_prompt_logprobs()) return prompt_size;
    return generate->prompt_logprobs_from + static_cast<int64_t>(prompt_logprobs.size());
  }
};

// Which of two is served first: by priority, then arrival, then choice.
struct ServedSooner {
  bool operator()(const Sequence* a, const Sequence* b) const {
    if (a->request->options.priority != b->request->options.priority) {
      return a->request->options.priority < b->request->options.priority;
    }
    if (a->request->arrival != b->request->arrival) return a->request->arrival < b->request->arrival;
    return a->index < b->index;
  }
};

}  // namespace atelier
