// A fixed team of threads that walks through a model step together: the caller leads, the others follow.
//
//   gang.Begin();                        // a step starts: the team wakes and stays awake
//   gang.Run([&](int thread, int num_threads) { ... gang.Barrier(); ... });
//   gang.End();                          // the step is over: the team sleeps
//
// Between Begin and End followers spin for the next Run, because waking a sleeping thread costs more than
// a small matrix product; spinning is bounded (50 us), after which they sleep until called, so that a
// leader which is busy elsewhere costs them nothing. Outside a step they go to sleep and Run wakes them.
// With one thread Run is a plain call.
//
// Threads: one leader at a time calls Begin, Run and End. Barrier may be called by the team inside Run.
// The function must not throw. COST: Run and Barrier take some hundred nanoseconds on idle cores.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace atelier {

class Gang {
 public:
  // num_threads counts the leader. REQUIRES: num_threads >= 1.
  explicit Gang(int num_threads);
  ~Gang();
  Gang(const Gang&) = delete;
  Gang& operator=(const Gang&) = delete;

  int num_threads() const { return num_threads_; }

  void Begin();
  void End();

  // Calls fn(thread_index, num_threads) once on every thread, the leader being thread 0; returns when all are done.
  template <class Fn>
  void Run(Fn&& fn) {
    using Body = std::remove_reference_t<Fn>;
    RunErased([](void* body, int thread, int num_threads) { (*static_cast<Body*>(body))(thread, num_threads); },
              const_cast<void*>(static_cast<const void*>(std::addressof(fn))));
  }

  // Waits until every thread of the running function has come here; what they wrote before is visible after.
  // REQUIRES: called inside Run, equally often by every thread.
  void Barrier() { barrier_.Arrive(); }

 private:
  using Call = void (*)(void* body, int thread, int num_threads);

  // A counter that threads wait on: they spin for a bounded time, then sleep in the kernel.
  class Signal {
   public:
    uint32_t Now() const { return value_.load(std::memory_order_acquire); }
    void Advance();
    // Returns once Now() != seen.
    void AwaitChange(uint32_t seen, bool spin);

   private:
    std::atomic<uint32_t> value_ = 0;
    std::atomic<uint32_t> num_sleepers_ = 0;
  };

  class BarrierState {
   public:
    explicit BarrierState(int num_threads) : num_threads_(num_threads) {}
    void Arrive();

   private:
    const int num_threads_;
    alignas(64) std::atomic<int> num_arrived_ = 0;
    alignas(64) Signal passed_;
  };

  void RunErased(Call call, void* body);
  void Follow(int thread);

  const int num_threads_;
  Call call_ = nullptr;
  void* body_ = nullptr;
  alignas(64) Signal called_;
  std::atomic<uint32_t> num_runs_ = 0;
  alignas(64) std::atomic<bool> in_step_ = false;
  std::atomic<bool> stopping_ = false;
  BarrierState barrier_;
  BarrierState finished_;
  std::vector<std::thread> followers_;
};

}  // namespace atelier
