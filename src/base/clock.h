// Time comes in as a parameter, so that a run can be replayed and a test need not sleep.
// Thread-safe: every method may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace atelier {

class Clock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  // For durations and deadlines; never goes back.
  virtual TimePoint Now() const = 0;
  // For records and for people: nanoseconds since 1970-01-01 UTC; may be set back by the user.
  virtual int64_t UnixNanos() const = 0;

  // The machine's clock. Lives as long as the program.
  static const Clock& Real();
};

// "2026-11-24T00:00:00Z", with a fraction where there is one.
std::string UtcText(int64_t unix_nanos);

// Stands still until told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t unix_nanos = 1'700'000'000'000'000'000) : start_(unix_nanos) {}
  TimePoint Now() const override { return TimePoint(std::chrono::nanoseconds(elapsed_.load())); }
  int64_t UnixNanos() const override { return start_ + elapsed_.load(); }
  void Advance(std::chrono::nanoseconds by) { elapsed_ += by.count(); }

 private:
  const int64_t start_;
  std::atomic<int64_t> elapsed_ = 0;
};

}  // namespace atelier
