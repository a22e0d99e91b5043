#include "base/task/patience.h"

namespace atelier {
namespace {

Error Stopped(const std::string& where) { return Error::Cancelled(where, "stopped by the caller"); }
Error TooLate(const std::string& where, const std::string& doing) {
  return Error::Timeout(where, doing + ": got no answer in time");
}

}  // namespace

std::optional<Error> AlreadyOver(const Loop& loop, const std::string& where, const std::string& doing,
                                 const Patience& patience) {
  if (patience.stop.stop_requested()) return Stopped(where);
  if (loop.Now() >= patience.deadline) return TooLate(where, doing);
  return std::nullopt;
}

PatienceWatch::PatienceWatch(Loop& loop, const std::string& where, const std::string& doing, const Patience& patience,
                             GiveUp give_up)
    : loop_(loop), shared_(std::make_shared<GiveUp>(std::move(give_up))) {
  if (patience.deadline != Clock::TimePoint::max()) {
    timer_ = loop.At(patience.deadline, [weak = std::weak_ptr(shared_), where, doing] {
      if (auto call = weak.lock()) (*call)(TooLate(where, doing));
    });
  }
  // Only posts: stop may be requested on any thread.
  on_stop_.emplace(patience.stop, [&loop, weak = std::weak_ptr(shared_), where] {
    loop.Post([weak, where] {
      if (auto call = weak.lock()) (*call)(Stopped(where));
    });
  });
}

PatienceWatch::~PatienceWatch() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

}  // namespace atelier
