#include "engine/engine.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/cache/attention_blocks.h"
#include "engine/delivery.h"
#include "engine/intake.h"
#include "engine/masks.h"
#include "engine/runner.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"

namespace atelier {
namespace {

SchedulerLimits LimitsOf(const EngineOptions& options, const RunnerShape& shape) {
  SchedulerLimits limits;
  limits.whole_input = shape.whole_input;
  limits.max_step_rows = shape.whole_input ? shape.max_rows : std::min(options.max_step_tokens, shape.max_rows);
  limits.max_prefill_beside_decode = options.max_prefill_beside_decode;
  limits.max_outputs = shape.max_outputs;
  limits.max_running = std::min(options.max_running, shape.max_sequences);
  if (shape.vector_size == 0) limits.max_running = std::min(limits.max_running, shape.max_outputs);
  limits.max_running = std::min(limits.max_running, limits.max_step_rows);  // each stream gets a row of each step
  CHECK(limits.max_running > 0);
  return limits;
}

Result<std::unique_ptr<CacheKind>> MakeCache(const EngineOptions& options, const RunnerShape& shape) {
  if (shape.block_bytes == 0) return MakeNoCache();
  const int64_t context =
      options.max_context > 0 ? std::min<int64_t>(options.max_context, shape.max_context) : shape.max_context;
  const int64_t for_one = (context + kBlockPositions - 1) / kBlockPositions;
  const int64_t num_blocks = options.cache_bytes > 0 ? options.cache_bytes / shape.block_bytes : for_one;
  if (num_blocks < 2 || num_blocks > INT32_MAX) {
    return Error::Invalid("cache_bytes", "got room for " + std::to_string(num_blocks) + " blocks of " +
                                             std::to_string(shape.block_bytes) + " bytes, want 2 to 2^31");
  }
  return MakeAttentionBlocks(static_cast<int32_t>(num_blocks), shape.block_bytes,
                             options.prefix_cache && !shape.whole_input);
}

}  // namespace

void Handle::Cancel() const {
  if (control_ == nullptr || control_->cancelled.exchange(true)) return;
  ++control_->signal->num_cancels;
  control_->signal->Wake();
}

class Engine::Impl {
 public:
  Impl(Parts parts, EngineOptions options, std::unique_ptr<CacheKind> cache)
      : parts_(std::move(parts)),
        options_(std::move(options)),
        shape_(parts_.runner->shape()),
        cache_(std::move(cache)),
        max_context_(MaxContext()),
        scheduler_(cache_.get(), LimitsOf(options_, shape_)),
        masks_(options_.mask_helper.value_or(true)),
        delivery_({&scheduler_, parts_.tokenizer, parts_.clock, parts_.listener.get(), shape_.num_tokens,
                   shape_.vector_size, max_context_, options_.prefer_closing, options_.jump_ahead}),
        signal_(std::make_shared<EngineSignal>()),
        intake_(IntakeParts(), signal_) {
    signal_->wake = parts_.wake;
  }

  ~Impl() {
    const Error gone = Error::Cancelled("engine", "got a request at shutdown, want it sooner");
    EndAll(FinishReason::kCancelled, gone);
    const std::lock_guard lock(signal_->mutex);
    signal_->wake = nullptr;
  }

  template <class Request>
  Result<Handle> Submit(Request request, std::shared_ptr<Sink> sink) {
    TRY(auto control, intake_.Submit(std::move(request), std::move(sink)));
    return Handle(std::move(control));
  }

  bool Step() {
    TakeArrived();
    DropStopped();
    const std::span<Sequence* const> scheduled = scheduler_.Next();
    if (scheduled.empty()) {
      PublishStats();
      return false;
    }
    const Clock::TimePoint begin = parts_.clock->Now();
    MarkStarted(scheduled, begin);
    PendingMasks masks = masks_.Start(delivery_.Constrained(scheduled));
    Result<Outputs> outputs = parts_.runner->Run(scheduler_.Batch());
    masks.Get();
    if (outputs) {
      TellStep(scheduled, begin);
      scheduler_.Ran();
      delivery_.Commit(scheduled, *outputs);
      PublishStats();  // before anyone hears that a request ended, and asks
      EndFinished(scheduled);
    } else {
      EndBroken(scheduled, outputs.error());
      PublishStats();
    }
    return true;
  }

  bool HasWork() const { return intake_.num_live() > 0; }

  void EndAll(FinishReason reason, const Error& error) {
    TakeArrived();
    while (!requests_.empty()) End(*requests_.begin()->second, reason, &error);
    PublishStats();
  }

  EngineStats stats() const {
    const std::lock_guard lock(stats_mutex_);
    EngineStats stats = stats_;
    stats.num_waiting = intake_.num_unstarted();
    stats.num_refused = intake_.num_refused();
    return stats;
  }

  int64_t max_context() const { return max_context_; }

  void CheckInvariants() const {
    scheduler_.CheckInvariants();
    int32_t num_sequences = 0;
    for (const auto& [arrival, request] : requests_) {
      for (const auto& sequence : request->sequences) num_sequences += sequence->done ? 0 : 1;
      CHECK(request->num_unfinished > 0);
    }
    CHECK(num_sequences == scheduler_.num_running() + scheduler_.num_waiting());
    CHECK(intake_.num_live() >= static_cast<int64_t>(requests_.size()));
  }

 private:
  int64_t MaxContext() const {
    int64_t context = shape_.max_context;
    if (options_.max_context > 0) context = std::min<int64_t>(context, options_.max_context);
    if (cache_->num_blocks() > 0) context = std::min<int64_t>(context, int64_t{cache_->num_blocks()} * kBlockPositions);
    if (shape_.whole_input) context = std::min<int64_t>(context, shape_.max_rows);
    return context;
  }

  Intake::Parts IntakeParts() const {
    return {.tokenizer = parts_.tokenizer,
            .clock = parts_.clock,
            .end_tokens = parts_.end_tokens,
            .shape = shape_,
            .max_context = max_context_,
            .max_waiting = options_.max_waiting,
            .max_running = options_.max_running,
            .prefix_cache = options_.prefix_cache};
  }

  void TakeArrived() {
    for (std::unique_ptr<RequestState>& request : intake_.Take()) {
      const std::string_view salt = request->generate ? std::string_view(request->generate->cache_salt) : "";
      request->scope = cache_->Scope(options_.model_name, {}, salt);
      next_deadline_ = std::min(next_deadline_, request->options.deadline.value_or(Clock::TimePoint::max()));
      must_look_ |= request->control->cancelled.load();
      for (const auto& sequence : request->sequences) scheduler_.Add(sequence.get());
      const uint64_t arrival = request->arrival;
      requests_.emplace(arrival, std::move(request));
    }
  }

  // Ends requests that were cancelled or whose deadline passed. Looks only when either can have happened.
  void DropStopped() {
    const uint64_t num_cancels = signal_->num_cancels.load();
    const Clock::TimePoint now = parts_.clock->Now();
    if (num_cancels == cancels_seen_ && now < next_deadline_ && !must_look_) return;
    cancels_seen_ = num_cancels;
    must_look_ = false;
    next_deadline_ = Clock::TimePoint::max();
    const Error late = Error::Timeout("request", "got no answer before its deadline, want it sooner");
    for (auto it = requests_.begin(); it != requests_.end();) {
      RequestState& request = *(it++)->second;  // ending it removes it
      const auto deadline = request.options.deadline.value_or(Clock::TimePoint::max());
      if (deadline <= now) {  // asked first: who sets a deadline may well cancel at it too
        End(request, FinishReason::kError, &late);
      } else if (request.control->cancelled.load()) {
        End(request, FinishReason::kCancelled, nullptr);
      } else {
        next_deadline_ = std::min(next_deadline_, deadline);
      }
    }
  }

  void MarkStarted(std::span<Sequence* const> scheduled, Clock::TimePoint now) {
    for (Sequence* sequence : scheduled) {
      RequestState& request = *sequence->request;
      if (request.started) continue;
      request.started = true;
      request.times.scheduled = now;
      intake_.Started();
    }
  }

  void TellStep(std::span<Sequence* const> scheduled, Clock::TimePoint begin) {
    ++num_steps_;
    if (parts_.listener == nullptr) return;
    StepFigures figures;
    for (const Sequence* sequence : scheduled) {
      figures.num_tokens += static_cast<int32_t>(sequence->slice_size);
      if (sequence->slice_size > 1 + kMaxJump || !sequence->sampler) {
        figures.num_prefill_tokens += static_cast<int32_t>(sequence->slice_size);
      }
    }
    figures.num_sequences = static_cast<int32_t>(scheduled.size());
    figures.duration = parts_.clock->Now() - begin;
    parts_.listener->OnStep(figures);
    for (; preemptions_told_ < scheduler_.num_preemptions(); ++preemptions_told_) parts_.listener->OnPreemption();
  }

  // Requests whose last sequence ended in this step.
  void EndFinished(std::span<Sequence* const> scheduled) {
    std::vector<RequestState*> finished;
    for (const Sequence* sequence : scheduled) {
      RequestState* request = sequence->request;
      if (request->num_unfinished == 0 && std::ranges::find(finished, request) == finished.end()) {
        finished.push_back(request);
      }
    }
    for (RequestState* request : finished) {
      End(*request, request->any_cut ? FinishReason::kLength : FinishReason::kStop, nullptr);
    }
  }

  void EndBroken(std::span<Sequence* const> scheduled, const Error& error) {
    std::vector<RequestState*> broken;
    for (const Sequence* sequence : scheduled) broken.push_back(sequence->request);
    std::ranges::sort(broken);
    broken.erase(std::unique(broken.begin(), broken.end()), broken.end());
    for (RequestState* request : broken) End(*request, FinishReason::kError, &error);
  }

  void End(RequestState& request, FinishReason reason, const Error* error) {
    for (const auto& sequence : request.sequences) {
      if (!sequence->done) scheduler_.Remove(sequence.get());
    }
    delivery_.Finish(request, reason, error);
    intake_.Ended(request);
    requests_.erase(request.arrival);
  }

  void PublishStats() {
    EngineStats now;
    now.num_running = scheduler_.num_running();
    now.num_blocks = cache_->num_blocks();
    now.num_blocks_held = cache_->num_blocks() - cache_->num_free();
    now.num_blocks_cached = cache_->num_cached();
    now.cache_bytes = cache_->num_blocks() * cache_->block_bytes();
    now.num_steps = num_steps_;
    now.num_preemptions = scheduler_.num_preemptions();
    now.num_evictions = cache_->num_evictions();
    now.prefix_queried_tokens = scheduler_.prefix_queried_tokens();
    now.prefix_hit_tokens = scheduler_.prefix_hit_tokens();
    now.prompt_tokens = delivery_.num_prompt_tokens();
    now.generation_tokens = delivery_.num_generated_tokens();
    now.jumped_tokens = delivery_.num_jumped_tokens();
    const std::lock_guard lock(stats_mutex_);
    stats_ = now;
  }

  const Parts parts_;
  const EngineOptions options_;
  const RunnerShape shape_;
  const std::unique_ptr<CacheKind> cache_;
  const int64_t max_context_;
  Scheduler scheduler_;
  Masks masks_;
  Delivery delivery_;
  const std::shared_ptr<EngineSignal> signal_;
  Intake intake_;
  std::map<uint64_t, std::unique_ptr<RequestState>> requests_;  // by arrival
  uint64_t cancels_seen_ = 0;
  bool must_look_ = false;                                    // a request was cancelled before it came here
  Clock::TimePoint next_deadline_ = Clock::TimePoint::max();  // no request's lies before
  int64_t num_steps_ = 0;
  int64_t preemptions_told_ = 0;

  mutable std::mutex stats_mutex_;
  EngineStats stats_;
};

Result<std::unique_ptr<Engine>> Engine::Create(Parts parts, EngineOptions options) {
  CHECK(parts.runner != nullptr && parts.clock != nullptr);
  TRY(auto cache, MakeCache(options, parts.runner->shape()));
  auto impl = std::make_unique<Impl>(std::move(parts), std::move(options), std::move(cache));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<Handle> Engine::Submit(GenerateRequest request, std::shared_ptr<Sink> sink) {
  return impl_->Submit(std::move(request), std::move(sink));
}
Result<Handle> Engine::Submit(EmbedRequest request, std::shared_ptr<Sink> sink) {
  return impl_->Submit(std::move(request), std::move(sink));
}
Result<Handle> Engine::Submit(RerankRequest request, std::shared_ptr<Sink> sink) {
  return impl_->Submit(std::move(request), std::move(sink));
}
bool Engine::Step() { return impl_->Step(); }
bool Engine::HasWork() const { return impl_->HasWork(); }
void Engine::Abort(const Error& error) {
  impl_->EndAll(error.kind == ErrorKind::kCancelled ? FinishReason::kCancelled : FinishReason::kError, error);
}
EngineStats Engine::stats() const { return impl_->stats(); }
int64_t Engine::max_context() const { return impl_->max_context(); }
void Engine::CheckInvariants() const { impl_->CheckInvariants(); }

}  // namespace atelier
