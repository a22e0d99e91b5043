// Engine serves one loaded model: many requests at once, one step at a time.
//
// Submit and Handle are for any thread; Step, and all calls to sinks, belong to the one engine thread
// (ModelHost's, or a test's). A step takes one slice of each chosen sequence: a decoding sequence's last token, or part
// of a prompt, within a budget of tokens, so that a long prompt never stalls running streams.
//
// The same request with the same seed gives the same logits, bit for bit, and the same tokens, whoever else is served:
// see docs/engine.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/events.h"
#include "engine/request.h"

namespace atelier {

class Runner;
class Tokenizer;
struct RequestControl;

struct EngineOptions {
  std::string model_name = "model";
  int32_t max_running = 64;                 // sequences that hold cache at once
  int32_t max_waiting = 4096;               // requests queued beyond these: Exhausted (HTTP 429)
  int32_t max_step_tokens = 512;            // rows of one step
  int32_t max_prefill_beside_decode = 128;  // of these, rows of prompts while streams run: what one token may wait for
  int64_t cache_bytes = 0;                  // memory for blocks; 0: what one context needs
  int32_t max_context = 0;                  // 0: the model's; else at most so many positions a sequence
  bool prefix_cache = true;
  bool prefer_closing = false;  // GenerateRequest::prefer_closing, where it does not say
  // A thread makes masks beside the model (masks.h). None: of a LocalModel where it leaves a core free, else yes.
  std::optional<bool> mask_helper = {};
  bool jump_ahead = true;  // tokens that a grammar forces go through a step together; the tokens are the same without
};

// Snapshot of gauges and counters since the start.
struct EngineStats {
  int32_t num_running = 0;
  int32_t num_waiting = 0;
  int32_t num_blocks = 0;
  int32_t num_blocks_held = 0;    // by running sequences; the rest is free or only cached
  int32_t num_blocks_cached = 0;  // free, with content that a prompt may hit
  int64_t cache_bytes = 0;
  int64_t num_steps = 0;
  int64_t num_preemptions = 0;
  int64_t num_evictions = 0;
  int64_t num_refused = 0;  // requests that found the queue full
  int64_t prefix_queried_tokens = 0;
  int64_t prefix_hit_tokens = 0;
  int64_t prompt_tokens = 0;  // computed or taken from the cache
  int64_t generation_tokens = 0;
  int64_t jumped_tokens = 0;  // of these, those that a grammar forced and no step was made for
};

// A request in flight. Dropping it does not cancel.
class Handle {
 public:
  Handle() = default;
  // The request ends within one step, its blocks free and OnFinish called. Any thread; again is harmless.
  void Cancel() const;

 private:
  friend class Engine;
  explicit Handle(std::shared_ptr<RequestControl> control) : control_(std::move(control)) {}
  std::shared_ptr<RequestControl> control_;
};

class Engine {
 public:
  struct Parts {
    Runner* runner = nullptr;              // outlives the engine
    const Tokenizer* tokenizer = nullptr;  // outlives the engine; may be null for encoders
    const Clock* clock = nullptr;
    std::vector<int32_t> end_tokens = {};           // that end a text, beside those the tokenizer knows
    std::shared_ptr<EngineListener> listener = {};  // may be null
    std::function<void()> wake = {};                // called, from any thread, when Step may have something to do
  };
  // Error: the cache does not fit the memory.
  static Result<std::unique_ptr<Engine>> Create(Parts parts, EngineOptions options);
  ~Engine();

  // Checks and queues the request. Errors, and then the sink is never called:
  //   Invalid      a parameter out of range (`where` names it); a prompt that does not fit the context (code
  //                context_length_exceeded, both numbers given)
  //   Unsupported  a kind of request that this model does not do
  //   Exhausted    the queue is full; retry_after says when to try again
  Result<Handle> Submit(GenerateRequest request, std::shared_ptr<Sink> sink);
  Result<Handle> Submit(EmbedRequest request, std::shared_ptr<Sink> sink);
  Result<Handle> Submit(RerankRequest request, std::shared_ptr<Sink> sink);

  // Runs one step. False: there was nothing to do.
  bool Step();
  // Whether Step has something to do now. Any thread.
  bool HasWork() const;
  // Ends all requests with `error`, as cancelled where it is of that kind. Engine thread.
  void Abort(const Error& error);

  EngineStats stats() const;  // any thread
  // Positions a sequence may have: the smallest of the model's, the options' and the cache's.
  int64_t max_context() const;
  // CHECKs every invariant of queue, tables and blocks. COST O(blocks); for tests.
  void CheckInvariants() const;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace atelier
