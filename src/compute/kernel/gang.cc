#include "compute/kernel/gang.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <climits>

#include "base/check.h"

namespace atelier {

namespace {

// Long enough to bridge what a leader does alone between two Runs of a step, short enough that a stalled step
// does not keep a core from the threads that talk to clients.
constexpr auto kSpinTime = std::chrono::microseconds(50);
// One look at the clock costs as much as this many looks at the counter.
constexpr int kLooksPerClock = 64;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Not std::atomic's wait: it calls sched_yield some times before it sleeps, and who yields on a machine with other work
// is put behind all of it, at each of the hundreds of barriers of a step; who sleeps is woken at once.
void Futex(std::atomic<uint32_t>& word, int operation, uint32_t value) {
  static_assert(sizeof word == sizeof value);
  syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

void Gang::Signal::Advance() {
  // Sequentially consistent on both sides: either the sleeper sees the new value before it sleeps, or we see the
  // sleeper.
  value_.fetch_add(1, std::memory_order_seq_cst);
  if (num_sleepers_.load(std::memory_order_seq_cst) > 0) Futex(value_, FUTEX_WAKE, INT_MAX);
}

void Gang::Signal::AwaitChange(uint32_t seen, bool spin) {
  if (spin) {
    const auto give_up = std::chrono::steady_clock::now() + kSpinTime;
    do {
      for (int look = 0; look < kLooksPerClock; ++look) {
        if (Now() != seen) return;
        Pause();
      }
    } while (std::chrono::steady_clock::now() < give_up);
  }
  num_sleepers_.fetch_add(1, std::memory_order_seq_cst);
  while (value_.load(std::memory_order_seq_cst) == seen) Futex(value_, FUTEX_WAIT, seen);
  num_sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

void Gang::BarrierState::Arrive() {
  if (num_threads_ == 1) return;
  const uint32_t round = passed_.Now();
  if (num_arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == num_threads_) {
    num_arrived_.store(0, std::memory_order_relaxed);
    passed_.Advance();
  } else {
    passed_.AwaitChange(round, /*spin=*/true);
  }
}

Gang::Gang(int num_threads) : num_threads_(num_threads), barrier_(num_threads), finished_(num_threads) {
  CHECK(num_threads >= 1);
  followers_.reserve(static_cast<size_t>(num_threads - 1));
  for (int thread = 1; thread < num_threads; ++thread) followers_.emplace_back([this, thread] { Follow(thread); });
}

Gang::~Gang() {
  stopping_.store(true, std::memory_order_release);
  called_.Advance();
  for (std::thread& follower : followers_) follower.join();
}

// A wake-up without a call: followers find no run that they have not done, see in_step_ and spin.
void Gang::Begin() {
  if (num_threads_ == 1) return;
  in_step_.store(true, std::memory_order_release);
  called_.Advance();
}

void Gang::End() { in_step_.store(false, std::memory_order_release); }

void Gang::RunErased(Call call, void* body) {
  if (num_threads_ == 1) return call(body, 0, 1);
  call_ = call;
  body_ = body;
  num_runs_.fetch_add(1, std::memory_order_release);
  called_.Advance();
  call(body, 0, num_threads_);
  finished_.Arrive();
}

void Gang::Follow(int thread) {
  uint32_t num_done = 0;
  while (true) {
    const uint32_t seen = called_.Now();
    if (stopping_.load(std::memory_order_acquire)) return;
    if (num_runs_.load(std::memory_order_acquire) == num_done) {
      called_.AwaitChange(seen, in_step_.load(std::memory_order_acquire));
      continue;
    }
    call_(body_, thread, num_threads_);
    ++num_done;
    finished_.Arrive();
  }
}

}  // namespace atelier
