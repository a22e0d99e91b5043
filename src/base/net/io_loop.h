// The Loop of a running program: one thread inside Run, which also carries all sockets of the HTTP
// server. Asio stays behind it.
#pragma once

#include <memory>
#include <optional>

#include "base/task/loop.h"

namespace atelier {

class IoLoop final : public Loop {
 public:
  IoLoop();
  // Functions not yet run are dropped. Nothing may use the loop any more.
  ~IoLoop() override;

  void Post(Function function) override;
  TimerId At(TimePoint when, Function function) override;
  void Cancel(TimerId timer) override;
  TimePoint Now() const override;

  // Runs on the calling thread until Stop.
  void Run();
  // Makes Run return after the function it is in. Any thread; async-signal-unsafe.
  void Stop();
  // Runs `task` on the calling thread to its end (for commands and tests). REQUIRES: no Run under way.
  template <class T>
  T RunTask(Task<T> task) {
    std::optional<T> value;
    Post([&] {
      Spawn(std::move(task), [&](T result) {
        value.emplace(std::move(result));
        Stop();
      });
    });
    Run();
    return std::move(*value);
  }
  void RunTask(Task<void> task);

  // Calls `handler` on the loop's thread for each arrival of any of `signals` (SIGTERM, SIGINT).
  void OnSignals(std::initializer_list<int> signals, std::move_only_function<void(int)> handler);

  struct Asio;  // the io_context; defined in asio.h, for base/net's own .cc files
  Asio& asio() { return *asio_; }

 private:
  std::unique_ptr<Asio> asio_;
};

}  // namespace atelier
