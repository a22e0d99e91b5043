// Ctrl-C (and SIGTERM) as a request to stop rather than an end: work looks at the token, and a second Ctrl-C within
// the same work ends the process at once with 130.
#pragma once

#include <csignal>
#include <mutex>
#include <stop_token>
#include <thread>

namespace atelier {

// One at a time. Made before other threads are, so that none of them takes the signals.
class Interrupt {
 public:
  Interrupt();
  // Signals have their default effect again.
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Stopped by the next Ctrl-C after Renew (or after the construction).
  std::stop_token token() const;
  bool requested() const { return token().stop_requested(); }
  // New work begins: what was requested so far is forgotten.
  void Renew();
  // Readable from a Ctrl-C until Renew, for poll.
  int descriptor() const { return event_; }

 private:
  void Watch();

  sigset_t signals_{};
  sigset_t previous_{};
  int event_ = -1;
  mutable std::mutex mutex_;
  std::stop_source source_;
  bool ending_ = false;
  std::thread watcher_;
};

}  // namespace atelier
