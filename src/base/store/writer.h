// The one writer of a database: a thread that runs submitted changes in order and commits them in
// groups, so that a burst of a thousand costs a handful of fsyncs. A change is acknowledged only
// after the commit that holds it; one that fails is undone alone (savepoint), the rest of its group stands.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>

#include "base/result.h"
#include "base/store/db.h"

namespace atelier {

struct WriterOptions {
  int max_group = 1024;                    // changes in one transaction
  std::chrono::milliseconds max_delay{0};  // how long a first change may wait for company; 0: not at all
  size_t max_queued = 65'536;              // beyond it Submit answers kExhausted
};

class Writer {
 public:
  using Change = std::move_only_function<Result<void>(Db&)>;
  using Done = std::move_only_function<void(Result<void>)>;

  // `db` is the writer's alone from here on.
  explicit Writer(Db db, WriterOptions options = {});
  // Commits what was submitted, then ends.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Any thread; never waits. `done` is called on the writer's thread, after the commit (from the calling
  // thread with kExhausted where the queue is full). With AwaitCallback (base/task/loop.h) it is awaitable.
  void Submit(Change change, Done done);
  std::future<Result<void>> Submit(Change change);
  // Waits until all submitted before is committed (or has failed).
  Result<void> Flush();
  // Commits made so far.
  int64_t num_commits() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace atelier
