#include "cli/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"

namespace atelier {

Interrupt::Interrupt() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(event_ >= 0);
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &previous_);
  watcher_ = std::thread([this] { Watch(); });
}

Interrupt::~Interrupt() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  pthread_kill(watcher_.native_handle(), SIGINT);
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  close(event_);
}

std::stop_token Interrupt::token() const {
  const std::lock_guard lock(mutex_);
  return source_.get_token();
}

void Interrupt::Renew() {
  const std::lock_guard lock(mutex_);
  source_ = std::stop_source();
  uint64_t count = 0;
  // Nothing to read is as good: it would block, and says so.
  [[maybe_unused]] const ssize_t ignored = read(event_, &count, sizeof count);
}

void Interrupt::Watch() {
  constexpr int kInterrupted = 130;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0) continue;
    std::unique_lock lock(mutex_);
    if (ending_) return;
    if (source_.stop_requested()) _exit(kInterrupted);
    // Outside the lock: what waits for the stop may ask for the token.
    std::stop_source source = source_;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = write(event_, &one, sizeof one);
    lock.unlock();
    source.request_stop();
  }
}

}  // namespace atelier
