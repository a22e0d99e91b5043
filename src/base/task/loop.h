// Loop: one thread that runs functions in turn, knows the time and wakes sleepers. Everything
// asynchronous in Atelier (HTTP sessions, agents, answers) happens on one; other threads reach it
// by Post. base/net/io_loop.h has the real one, manual_loop.h one for tests that runs by hand.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "base/task/task.h"

namespace atelier {

class Loop {
 public:
  using Function = std::move_only_function<void()>;
  using TimePoint = Clock::TimePoint;
  using TimerId = uint64_t;

  virtual ~Loop() = default;

  // Runs `function` on the loop's thread, soon, never inside Post. Functions posted by one thread run
  // in the order of posting. Any thread; the only method that is.
  virtual void Post(Function function) = 0;
  // Runs `function` once at or after `when`, unless cancelled before.
  virtual TimerId At(TimePoint when, Function function) = 0;
  // Forgets a timer; no harm if it has fired.
  virtual void Cancel(TimerId timer) = 0;
  virtual TimePoint Now() const = 0;
};

// co_await SleepUntil(loop, when): false if `stop` was requested first (any thread may request it).
Task<bool> SleepUntil(Loop& loop, Loop::TimePoint when, std::stop_token stop = {});
Task<bool> SleepFor(Loop& loop, std::chrono::nanoseconds duration, std::stop_token stop = {});

// Turns a function that answers by callback, from any thread, into something to await:
//   Result<void> done = co_await AwaitCallback<Result<void>>(loop, [&](auto answer) { writer.Submit(fn,
//   std::move(answer)); });
// `start` gets a std::move_only_function<void(T)> that must be called exactly once.
template <class T, class Start>
class Async {
 public:
  Async(Loop& loop, Start start) : loop_(loop), start_(std::move(start)) {}
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    start_(std::move_only_function<void(T)>([this, handle](T value) {
      value_.emplace(std::move(value));
      loop_.Post([handle] { Resume(handle); });
    }));
  }
  T await_resume() { return std::move(*value_); }

 private:
  Loop& loop_;
  Start start_;
  std::optional<T> value_;
};

template <class T, class Start>
Async<T, Start> AwaitCallback(Loop& loop, Start start) {
  return Async<T, Start>(loop, std::move(start));
}

}  // namespace atelier
