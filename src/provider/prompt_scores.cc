#include "provider/prompt_scores.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "provider/local_sink.h"

namespace atelier {
namespace {

constexpr size_t kAtOnce = 32;  // prompts of one decision in the engine's queue, so that others find a place there

// What is known of prompts that run at once. Told by the engine's thread and, where it refuses, by the loop's.
class Wave {
 public:
  using Done = std::move_only_function<void(Result<PromptScores>)>;
  Wave(ModelLease lease, size_t num_prompts, Done done)
      : lease_(std::move(lease)), num_left_(num_prompts), done_(std::move(done)) {
    scores_.logprobs.resize(num_prompts);
  }

  void Scored(size_t index, double logprob) {
    const std::lock_guard lock(mutex_);
    scores_.logprobs[index] = logprob;
  }
  void Ended(size_t index, const Finished& finished) {
    std::optional<Error> error;
    if (finished.error != nullptr) error = *finished.error;
    if (finished.reason == FinishReason::kCancelled) error = Error::Cancelled("", "the request was cancelled");
    Leave(1, std::move(error), [&] {
      if (index == 0) scores_.times = finished.times, scores_.cached_tokens = finished.usage.cached_tokens;
      last_finished_ = std::max(last_finished_, finished.times.finished);
    });
  }
  // `num` prompts were never taken.
  void Refused(size_t num, Error error) {
    Leave(num, std::move(error), [] {});
  }

 private:
  template <class Note>
  void Leave(size_t num, std::optional<Error> error, Note note) {
    {
      const std::lock_guard lock(mutex_);
      note();
      if (error && !error_) error_ = std::move(error);
      if ((num_left_ -= num) > 0) return;
    }
    lease_ = {};
    if (error_) return done_(*std::move(error_));
    scores_.times.finished = last_finished_;
    done_(std::move(scores_));
  }

  std::mutex mutex_;
  ModelLease lease_;
  PromptScores scores_;
  Clock::TimePoint last_finished_;
  size_t num_left_;
  std::optional<Error> error_;
  Done done_;
};

class ScoreSink final : public Sink {
 public:
  ScoreSink(std::shared_ptr<Wave> wave, size_t index) : wave_(std::move(wave)), index_(index) {}
  void OnPromptLogprobs(std::span<const LogprobEntry> entries) override {
    double sum = 0;
    for (const LogprobEntry& entry : entries) sum += static_cast<double>(entry.chosen.logprob);
    wave_->Scored(index_, sum);
  }
  void OnFinish(const Finished& finished) override { wave_->Ended(index_, finished); }

 private:
  const std::shared_ptr<Wave> wave_;
  const size_t index_;
};

GenerateRequest RequestOf(ScoredPrompt prompt, const Call& call, const ScoringOptions& options) {
  GenerateRequest request;
  request.options.id = call.request_id;
  request.options.priority = options.priority;
  if (call.deadline != Call::kNoDeadline) request.options.deadline = call.deadline;
  request.prompt = std::move(prompt.tokens);
  request.max_tokens = 0;
  request.prompt_logprobs = 0;
  request.prompt_logprobs_from = prompt.from;
  request.cache_salt = options.cache_salt;
  return request;
}

Task<Result<PromptScores>> RunWave(Loop& loop, Call call, ModelLease lease, std::vector<ScoredPrompt> prompts,
                                   ScoringOptions options) {
  std::vector<std::unique_ptr<RequestOwner>> owners;
  auto start = [&](Wave::Done done) {
    const size_t num = prompts.size();
    const auto wave = std::make_shared<Wave>(lease, num, std::move(done));
    for (size_t i = 0; i < num; ++i) {
      GenerateRequest request = RequestOf(std::move(prompts[i]), call, options);
      auto handle = lease->engine().Submit(std::move(request), std::make_shared<ScoreSink>(wave, i));
      if (!handle.ok()) {
        wave->Refused(num - i, std::move(handle).error());
        return owners.clear();  // ends those that were taken
      }
      owners.push_back(std::make_unique<RequestOwner>(std::move(*handle), call.stop));
    }
  };
  auto waiting = AwaitCallback<Result<PromptScores>>(loop, start);
  auto scores = co_await waiting;
  co_return scores;
}

}  // namespace

Task<Result<PromptScores>> ScorePrompts(Loop& loop, Call call, ModelLease lease, std::vector<ScoredPrompt> prompts,
                                        ScoringOptions options) {
  PromptScores all;
  for (size_t begin = 0; begin < prompts.size(); begin += kAtOnce) {
    const size_t end = std::min(begin + kAtOnce, prompts.size());
    std::vector<ScoredPrompt> wave(std::make_move_iterator(prompts.begin() + static_cast<ptrdiff_t>(begin)),
                                   std::make_move_iterator(prompts.begin() + static_cast<ptrdiff_t>(end)));
    CO_TRY(PromptScores scores, co_await RunWave(loop, call, lease, std::move(wave), options));
    if (begin == 0) all.times = scores.times, all.cached_tokens = scores.cached_tokens;
    all.times.finished = std::max(all.times.finished, scores.times.finished);
    all.logprobs.insert(all.logprobs.end(), scores.logprobs.begin(), scores.logprobs.end());
  }
  co_return all;
}

}  // namespace atelier
