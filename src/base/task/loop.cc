#include "base/task/loop.h"

namespace atelier {
namespace {

// Shared by the sleeper, its timer and its stop callback, whichever comes first.
struct Sleep : std::enable_shared_from_this<Sleep> {
  Loop& loop;
  Loop::TimePoint when;
  std::stop_token stop;
  Loop::TimerId timer = 0;
  std::coroutine_handle<> sleeper;
  bool stopped = false;
  // Posts only: requesting stop may happen on any thread.
  std::optional<std::stop_callback<std::function<void()>>> on_stop;

  Sleep(Loop& loop, Loop::TimePoint when, std::stop_token stop) : loop(loop), when(when), stop(std::move(stop)) {}

  void Wake(bool by_stop) {
    const std::coroutine_handle<> handle = std::exchange(sleeper, nullptr);
    if (!handle) return;
    stopped = by_stop;
    if (by_stop) loop.Cancel(timer);
    Resume(handle);
  }

  void Begin(std::coroutine_handle<> handle) {
    sleeper = handle;
    timer = loop.At(when, [self = shared_from_this()] { self->Wake(false); });
    if (!stop.stop_possible()) return;
    on_stop.emplace(stop, [weak = weak_from_this(), &loop = loop] {
      loop.Post([weak] {
        if (auto sleep = weak.lock()) sleep->Wake(true);
      });
    });
  }
};

struct SleepAwaiter {
  Sleep* sleep;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { sleep->Begin(handle); }
  void await_resume() const noexcept {}
};

}  // namespace

Task<bool> SleepUntil(Loop& loop, Loop::TimePoint when, std::stop_token stop) {
  if (stop.stop_requested()) co_return false;
  auto sleep = std::make_shared<Sleep>(loop, when, std::move(stop));
  SleepAwaiter awaiter{sleep.get()};
  co_await awaiter;
  sleep->on_stop.reset();
  co_return !sleep->stopped;
}

Task<bool> SleepFor(Loop& loop, std::chrono::nanoseconds duration, std::stop_token stop) {
  return SleepUntil(loop, loop.Now() + std::chrono::duration_cast<Loop::TimePoint::duration>(duration),
                    std::move(stop));
}

}  // namespace atelier
