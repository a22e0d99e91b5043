// The same work for many things, some of them at a time.
//
//   auto ask = [&](size_t i) { return Ask(call, questions[i]); };   // Task<Result<void>>
//   auto asking = ForEach(questions.size(), 8, ask);
//   CO_TRY_VOID(co_await asking);
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/task/task.h"

namespace atelier {
namespace internal {

template <class Op>
struct ManyTasks {
  size_t num = 0;
  Op op;
  size_t next = 0;     // not begun yet
  size_t workers = 0;  // under way
  std::optional<Error> first_error = {};
  std::coroutine_handle<> waiting = {};

  // REQUIRES: the coroutine outlives every worker: they hold it.
  bool await_ready() const { return workers == 0; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() const {}

  void Ended() {
    --workers;
    if (workers == 0 && waiting) Resume(waiting);
  }
};

template <class Op>
Task<void> WorkOff(ManyTasks<Op>* many) {
  while (many->next < many->num && !many->first_error) {
    auto task = many->op(many->next++);
    Result<void> done = co_await task;
    if (!done.ok() && !many->first_error) many->first_error = std::move(done).error();
  }
}

}  // namespace internal

// op(0), ..., op(num - 1), at most `at_once` of them at a time, begun in this order; ends when all have. The first
// error is the result's: nothing is begun after it.
template <class Op>
Task<Result<void>> ForEach(size_t num, size_t at_once, Op op) {
  internal::ManyTasks<Op> many{.num = num, .op = std::move(op)};
  many.workers = std::min(num, at_once);
  for (size_t worker = std::min(num, at_once); worker > 0; --worker) {
    Spawn(internal::WorkOff(&many), [&many] { many.Ended(); });
  }
  co_await many;
  if (many.first_error) co_return *many.first_error;
  co_return Result<void>();
}

}  // namespace atelier
