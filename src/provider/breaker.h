// Keeps requests away from a service that fails: after so many failures in a row it rests, then one request tries it;
// that one's success lets all in again, its failure makes it rest anew. A service that says when to come back rests
// until then.   [M. Nygard, "Release It!", Circuit Breaker]
// One thread; time is passed in.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"

namespace atelier {

class Breaker {
 public:
  using TimePoint = Clock::TimePoint;
  Breaker(int max_failures, std::chrono::milliseconds rest) : max_failures_(max_failures), rest_(rest) {}

  // Whether a request may go out now. True of a resting service makes that request the one that tries it: tell how it
  // went.
  bool Admit(TimePoint now);
  void Succeed();
  void Fail(TimePoint now);
  // Ended without telling anything of the service: the caller stopped it, or the request was wrong.
  void Forget() { trying_ = false; }
  void RestUntil(TimePoint when) { not_before_ = when; }
  // When it makes sense to come back; nothing where it does now.
  std::optional<TimePoint> ReadyAt(TimePoint now) const;

 private:
  const int max_failures_;  // 0: never rests of itself
  const std::chrono::milliseconds rest_;
  int failures_ = 0;
  bool open_ = false;
  bool trying_ = false;
  TimePoint not_before_{};
};

}  // namespace atelier
