#include "base/store/writer.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace atelier {

struct Writer::State {
  struct Submitted {
    Change change;
    Done done;
    std::optional<Error> failed;
  };

  State(Db db, WriterOptions options) : db(std::move(db)), options(options) {}

  Db db;
  const WriterOptions options;
  mutable std::mutex mutex;  // guards what follows
  std::condition_variable wake;
  std::deque<Submitted> queue;
  bool stopping = false;
  int64_t num_commits = 0;
  std::thread thread;

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      const auto full = [this] { return stopping || queue.size() >= static_cast<size_t>(options.max_group); };
      if (options.max_delay.count() > 0) wake.wait_for(lock, options.max_delay, full);
      std::vector<Submitted> group;
      while (!queue.empty() && group.size() < static_cast<size_t>(options.max_group)) {
        group.push_back(std::move(queue.front()));
        queue.pop_front();
      }
      lock.unlock();
      const Result<void> committed = Commit(group);
      if (committed) Count();
      for (Submitted& submitted : group) {
        submitted.change = nullptr;
        if (!committed) {
          submitted.done(committed.error());
        } else if (submitted.failed) {
          submitted.done(*std::move(submitted.failed));
        } else {
          submitted.done({});
        }
      }
      group.clear();
      lock.lock();
    }
  }

  // Before anybody is told: who has been told may ask.
  void Count() {
    const std::lock_guard lock(mutex);
    ++num_commits;
  }

  Result<void> Commit(std::vector<Submitted>& group) {
    TRY(Transaction transaction, Transaction::Begin(db));
    for (Submitted& submitted : group) {
      TRY_VOID(db.Execute("SAVEPOINT change"));
      Result<void> changed = submitted.change(db);
      if (!changed) {
        submitted.failed = std::move(changed).error();
        TRY_VOID(db.Execute("ROLLBACK TO change"));
      }
      TRY_VOID(db.Execute("RELEASE change"));
    }
    return transaction.Commit();
  }
};

Writer::Writer(Db db, WriterOptions options) : state_(std::make_unique<State>(std::move(db), options)) {
  CHECK(options.max_group >= 1);
  state_->thread = std::thread([state = state_.get()] { state->Work(); });
}

Writer::~Writer() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
}

void Writer::Submit(Change change, Done done) {
  bool accepted = false;
  {
    std::lock_guard lock(state_->mutex);
    CHECK_MSG(!state_->stopping, "Submit while the writer is destroyed");
    accepted = state_->queue.size() < state_->options.max_queued;
    if (accepted) state_->queue.push_back({std::move(change), std::move(done), std::nullopt});
  }
  if (accepted) return state_->wake.notify_one();
  done(Error::Exhausted(state_->db.path(), "got more than " + std::to_string(state_->options.max_queued) +
                                               " changes waiting to be written, want fewer"));
}

std::future<Result<void>> Writer::Submit(Change change) {
  auto promise = std::make_unique<std::promise<Result<void>>>();
  std::future<Result<void>> future = promise->get_future();
  Submit(std::move(change),
         [promise = std::move(promise)](Result<void> result) { promise->set_value(std::move(result)); });
  return future;
}

Result<void> Writer::Flush() {
  return Submit([](Db&) -> Result<void> { return {}; }).get();
}

int64_t Writer::num_commits() const {
  std::lock_guard lock(state_->mutex);
  return state_->num_commits;
}

}  // namespace atelier
