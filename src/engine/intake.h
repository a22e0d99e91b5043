// Intake is the door of an engine: any thread hands requests in, checked and counted; the engine thread takes them out.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "engine/runner.h"
#include "engine/sequence.h"

namespace atelier {

class Intake {
 public:
  struct Parts {
    const Tokenizer* tokenizer = nullptr;  // may be null
    const Clock* clock = nullptr;
    std::vector<int32_t> end_tokens;
    RunnerShape shape;
    int64_t max_context = 0;
    int32_t max_waiting = 0;
    int32_t max_running = 0;
    bool prefix_cache = true;
  };
  Intake(Parts parts, std::shared_ptr<EngineSignal> signal) : parts_(std::move(parts)), signal_(std::move(signal)) {}

  // Any thread. Errors as Engine::Submit says; then nothing is queued.
  Result<std::shared_ptr<RequestControl>> Submit(GenerateRequest request, std::shared_ptr<Sink> sink);
  Result<std::shared_ptr<RequestControl>> Submit(EmbedRequest request, std::shared_ptr<Sink> sink);
  Result<std::shared_ptr<RequestControl>> Submit(RerankRequest request, std::shared_ptr<Sink> sink);

  // What came since the last call, in order of arrival. Each must be told of with Started (once a row of it runs) and
  // Ended.
  std::vector<std::unique_ptr<RequestState>> Take();
  void Started() { --num_unstarted_; }
  void Ended(const RequestState& request);

  // Requests handed in and not ended; of these, those of which no row ran. Any thread.
  int64_t num_live() const { return num_live_.load(); }
  int32_t num_unstarted() const { return num_unstarted_.load(); }
  int64_t num_refused() const { return num_refused_.load(); }  // for a full queue

 private:
  Result<std::shared_ptr<RequestControl>> SubmitInputs(std::unique_ptr<RequestState> state, std::shared_ptr<Sink> sink);
  Result<std::shared_ptr<RequestControl>> Queue(std::unique_ptr<RequestState> state, std::shared_ptr<Sink> sink);
  std::vector<int32_t> EndingIds(const GenerateRequest& request) const;
  std::chrono::milliseconds RetryAfter() const;

  const Parts parts_;
  const std::shared_ptr<EngineSignal> signal_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RequestState>> inbox_;
  uint64_t next_arrival_ = 0;
  std::atomic<int64_t> num_live_ = 0;
  std::atomic<int32_t> num_unstarted_ = 0;
  std::atomic<int64_t> num_refused_ = 0;
  std::atomic<int64_t> mean_request_ms_ = 0;  // over some eight requests
};

}  // namespace atelier
