#include "base/task/pool.h"

#include <sys/resource.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace atelier {
namespace {
constexpr int kNice = 10;  // below the engine's and the loop's threads
}  // namespace

struct Pool::State {
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::move_only_function<void()>> work;
  bool stopping = false;
  std::vector<std::thread> threads;

  void Work() {
    // On Linux a thread's own nice value; refusal costs nothing but fairness.
    (void)setpriority(PRIO_PROCESS, 0, kNice);
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !work.empty(); });
      if (work.empty()) return;
      std::move_only_function<void()> next = std::move(work.front());
      work.pop_front();
      lock.unlock();
      next();
      next = nullptr;
      lock.lock();
    }
  }
};

Pool::Pool(Loop& home, int num_threads) : home_(home), state_(std::make_unique<State>()) {
  CHECK(num_threads >= 1);
  for (int i = 0; i < num_threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
  }
}

Pool::~Pool() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void Pool::Submit(std::move_only_function<void()> work) {
  {
    std::lock_guard lock(state_->mutex);
    CHECK_MSG(!state_->stopping, "Submit while the pool is destroyed");
    state_->work.push_back(std::move(work));
  }
  state_->wake.notify_one();
}

size_t Pool::num_waiting() const {
  std::lock_guard lock(state_->mutex);
  return state_->work.size();
}

}  // namespace atelier
