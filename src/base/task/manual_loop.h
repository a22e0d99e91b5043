// A Loop for tests: nothing happens until the test says so, time moves only when told to, and what
// runs next among all that may is drawn from a seed, so that an unlucky order can be replayed.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "base/random.h"
#include "base/task/loop.h"

namespace atelier {

class ManualLoop final : public Loop {
 public:
  explicit ManualLoop(uint64_t seed) : random_(seed) {}

  void Post(Function function) override;
  TimerId At(TimePoint when, Function function) override;
  void Cancel(TimerId timer) override;
  TimePoint Now() const override { return clock_.Now(); }
  ManualClock& clock() { return clock_; }

  // Something that takes part by steps (Engine::Step): called in turn with the rest while it says true.
  void AddStepper(std::function<bool()> step) { steppers_.push_back(std::move(step)); }

  // Runs one thing that is due: the oldest post, the next due timer or a stepper, by chance. False: none.
  bool RunOne();
  // RunOne until there is nothing; steps taken. Stops with a CHECK after max_steps.
  int64_t RunUntilIdle(int64_t max_steps = 1'000'000);
  // Moves time on, stopping at each timer on the way and running all that becomes due.
  void Advance(std::chrono::nanoseconds duration);
  // Runs `task` to its end, moving time to the next timer whenever nothing else is left.
  template <class T>
  T Run(Task<T> task) {
    std::optional<T> value;
    Post([&] { Spawn(std::move(task), [&](T result) { value.emplace(std::move(result)); }); });
    while (!value) RunNext();
    return std::move(*value);
  }
  void Run(Task<void> task);

 private:
  // One thing, or time up to the next timer. CHECKs that there is either.
  void RunNext();
  bool RunStepper();
  bool has_due_timer() const;

  ManualClock clock_;
  Random random_;
  std::mutex mutex_;  // guards posts_
  std::deque<Function> posts_;
  std::map<std::pair<TimePoint, TimerId>, Function> timers_;
  TimerId last_timer_ = 0;
  std::vector<std::function<bool()>> steppers_;
};

}  // namespace atelier
