// So many at once; who comes after waits in line, and who comes when the line is full is turned away. Loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/loop.h"

namespace atelier {

class Slots {
 public:
  // `max_running` 0: no bound. `where` begins errors.
  Slots(Loop& loop, std::string where, int64_t max_running, int64_t max_waiting);

  // A place, kept until it is let go. Errors: Exhausted (the line is full), Cancelled, Timeout.
  Task<Result<std::shared_ptr<void>>> Take(Call call);
  int64_t num_running() const;

 private:
  struct State;
  Loop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace atelier
