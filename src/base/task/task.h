// Task<T>: work that may wait, written as a coroutine. It starts when awaited (or Spawned), runs on
// the thread of its Loop and gives one T.
//
//   Task<Result<Answer>> Ask(Call call, std::string question) {
//     CO_TRY(auto passages, co_await Retrieve(call, question));
//     co_return co_await Generate(call, std::move(passages));
//   }
//
// Coroutines are resumed from a loop that stands at the bottom of the stack (Resume), never by
// symmetric transfer, so that a chain of a million awaits needs no more stack than one.
// Parameters by value: a reference may die while the coroutine waits. A Task that has begun runs to
// its end; who wants it to end sooner requests stop through its Call. Not thread-safe.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/check.h"

namespace atelier {

// Runs `handle` until it waits, and whatever that makes ready. Within another Resume of this thread
// it only queues: the outer one runs it next.
void Resume(std::coroutine_handle<> handle);

namespace internal {

class TaskPromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct Awaiter {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (next) Resume(next);
      }
      void await_resume() noexcept {}
      std::coroutine_handle<> next;
    };
    return Awaiter{next_};
  }
  [[noreturn]] void unhandled_exception() noexcept { CheckFailed(__FILE__, __LINE__, "exception left a Task", {}); }
  void set_next(std::coroutine_handle<> next) { next_ = next; }

 private:
  std::coroutine_handle<> next_;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
 public:
  std::coroutine_handle<TaskPromise> get_return_object() noexcept {
    return std::coroutine_handle<TaskPromise>::from_promise(*this);
  }
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T Take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  std::coroutine_handle<TaskPromise> get_return_object() noexcept {
    return std::coroutine_handle<TaskPromise>::from_promise(*this);
  }
  void return_void() noexcept {}
  void Take() noexcept {}
};

}  // namespace internal

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;

  Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // co_await task: starts it and waits for its value. At most once.
  auto operator co_await() && noexcept {
    struct Awaiter {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<> caller) {
        handle.promise().set_next(caller);
        Resume(handle);
      }
      T await_resume() { return handle.promise().Take(); }
      std::coroutine_handle<promise_type> handle;
    };
    return Awaiter{handle_};
  }
  auto operator co_await() & noexcept { return std::move(*this).operator co_await(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace internal {
// A coroutine that owns itself: frees its frame when done.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept {
      CheckFailed(__FILE__, __LINE__, "exception left a spawned Task", {});
    }
  };
  std::coroutine_handle<> handle;
};

template <class T, class Done>
Detached RunDetached(Task<T> task, Done done) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    done();
  } else {
    done(co_await std::move(task));
  }
}
}  // namespace internal

// Starts `task` (at once, or when the running coroutine next waits); nobody waits for it. `done(value)` (or done() for
// Task<void>) is called on the same thread when it ends.
template <class T, class Done>
void Spawn(Task<T> task, Done done) {
  Resume(internal::RunDetached(std::move(task), std::move(done)).handle);
}
inline void Spawn(Task<void> task) {
  Spawn(std::move(task), [] {});
}

}  // namespace atelier
