#include "base/task/manual_loop.h"

namespace atelier {

void ManualLoop::Post(Function function) {
  std::lock_guard lock(mutex_);
  posts_.push_back(std::move(function));
}

Loop::TimerId ManualLoop::At(TimePoint when, Function function) {
  timers_.emplace(std::pair(when, ++last_timer_), std::move(function));
  return last_timer_;
}

void ManualLoop::Cancel(TimerId timer) {
  std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; });
}

bool ManualLoop::has_due_timer() const { return !timers_.empty() && timers_.begin()->first.first <= Now(); }

bool ManualLoop::RunStepper() {
  const size_t first = steppers_.empty() ? 0 : random_.Below(steppers_.size());
  for (size_t i = 0; i < steppers_.size(); ++i) {
    if (steppers_[(first + i) % steppers_.size()]()) return true;
  }
  return false;
}

bool ManualLoop::RunOne() {
  bool has_post = false;
  {
    std::lock_guard lock(mutex_);
    has_post = !posts_.empty();
  }
  // A stepper does not say beforehand whether it has work, so it is tried at random and when all else is done.
  if ((!has_post && !has_due_timer()) || (!steppers_.empty() && random_.Below(3) == 0)) {
    if (RunStepper()) return true;
  }
  if (!has_post && !has_due_timer()) return false;
  Function next;
  if (has_due_timer() && (!has_post || random_.Below(2) == 0)) {
    next = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
  } else {
    std::lock_guard lock(mutex_);
    next = std::move(posts_.front());
    posts_.pop_front();
  }
  next();
  return true;
}

int64_t ManualLoop::RunUntilIdle(int64_t max_steps) {
  int64_t steps = 0;
  while (RunOne()) {
    ++steps;
    CHECK_MSG(steps < max_steps, "the loop never becomes idle");
  }
  return steps;
}

void ManualLoop::Advance(std::chrono::nanoseconds duration) {
  const TimePoint end = Now() + duration;
  RunUntilIdle();
  while (!timers_.empty() && timers_.begin()->first.first <= end) {
    clock_.Advance(timers_.begin()->first.first - Now());
    RunUntilIdle();
  }
  clock_.Advance(end - Now());
  RunUntilIdle();
}

void ManualLoop::RunNext() {
  if (RunOne()) return;
  CHECK_MSG(!timers_.empty(), "the task waits for something that will never happen");
  clock_.Advance(timers_.begin()->first.first - Now());
}

void ManualLoop::Run(Task<void> task) {
  bool done = false;
  Post([&] { Spawn(std::move(task), [&] { done = true; }); });
  while (!done) RunNext();
}

}  // namespace atelier
