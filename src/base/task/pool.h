// Pool: threads for work that blocks (files, SQLite, DNS, tokenizing a book), so that a Loop never
// does. Low priority: the engine's threads go first.
//
//   auto text = co_await OnPool(pool, [path] { return ReadFile(path); });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/task/loop.h"

namespace atelier {

class Pool {
 public:
  // `home` is where OnPool's awaiter resumes; it must outlive the pool. num_threads >= 1.
  Pool(Loop& home, int num_threads);
  // Runs what was submitted, then joins.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `work` on one of the threads, in order of submission. Any thread.
  void Submit(std::move_only_function<void()> work);
  Loop& home() { return home_; }
  // Submitted and not yet begun.
  size_t num_waiting() const;

 private:
  struct State;
  Loop& home_;
  std::unique_ptr<State> state_;
};

namespace internal {
template <class Work>
class PoolAwaiter {
 public:
  using Value = std::invoke_result_t<Work&>;
  PoolAwaiter(Pool& pool, Work work) : pool_(pool), work_(std::move(work)) {}
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    pool_.Submit([this, handle] {
      if constexpr (std::is_void_v<Value>) {
        work_();
      } else {
        value_.emplace(work_());
      }
      pool_.home().Post([handle] { Resume(handle); });
    });
  }
  Value await_resume() {
    if constexpr (!std::is_void_v<Value>) return std::move(*value_);
  }

 private:
  struct Nothing {};
  Pool& pool_;
  Work work_;
  [[no_unique_address]] std::conditional_t<std::is_void_v<Value>, Nothing, std::optional<Value>> value_;
};
}  // namespace internal

// Awaits work() run on the pool; resumes on the pool's home loop.
template <class Work>
internal::PoolAwaiter<Work> OnPool(Pool& pool, Work work) {
  return internal::PoolAwaiter<Work>(pool, std::move(work));
}

}  // namespace atelier
