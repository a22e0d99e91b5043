// How long somebody waits: until a deadline, or until told to stop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/task/loop.h"

namespace atelier {

struct Patience {
  Clock::TimePoint deadline = Clock::TimePoint::max();
  std::stop_token stop;
};

// Why the wait is over before it began, if it is. `where` and `doing` word the error.
std::optional<Error> AlreadyOver(const Loop& loop, const std::string& where, const std::string& doing,
                                 const Patience& patience);

// Calls `give_up` with the reason when patience ends, until it is let go. What it calls runs on the loop. Loop thread.
class PatienceWatch {
 public:
  using GiveUp = std::function<void(Error)>;
  PatienceWatch(Loop& loop, const std::string& where, const std::string& doing, const Patience& patience,
                GiveUp give_up);
  ~PatienceWatch();
  PatienceWatch(const PatienceWatch&) = delete;
  PatienceWatch& operator=(const PatienceWatch&) = delete;

 private:
  Loop& loop_;
  std::shared_ptr<GiveUp> shared_;
  Loop::TimerId timer_ = 0;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace atelier
