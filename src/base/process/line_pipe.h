// Lines of text to and from somebody at the other end of two descriptors: a child's streams, or our own stdin and
// stdout. A thread of its own reads and writes; lines arrive on the loop.
//
// Bounded on both sides: a line longer than max_line_bytes ends the pipe with kTooLarge; lines that the loop has not
// taken yet above max_waiting_bytes are left with the sender (nothing more is read); what the other end does not take
// above max_queued_bytes ends it with kUnavailable. The descriptors stay the caller's and must outlive the pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task/loop.h"

namespace atelier {

class LinePipe {
 public:
  struct Options {
    int in = -1;    // read from
    int out = -1;   // written to
    int side = -1;  // read too, and only the last of it kept (a child's stderr); -1: none
    int64_t max_line_bytes = 16 << 20;
    int64_t max_waiting_bytes = 32 << 20;
    int64_t max_queued_bytes = 64 << 20;
    size_t side_bytes = 4 << 10;
  };
  // Both on the loop's thread, never after the pipe is gone. `on_end`: once, when nothing more comes; the end of what
  // is read is no error.
  using OnLine = std::function<void(std::string line)>;
  using OnEnd = std::function<void(Result<void>)>;

  LinePipe(Loop& loop, Options options, OnLine on_line, OnEnd on_end);
  // Ends at once; waits for the thread.
  ~LinePipe();
  LinePipe(const LinePipe&) = delete;
  LinePipe& operator=(const LinePipe&) = delete;

  // Queues a line ('\n' is added). False: it has ended. Any thread.
  bool Write(std::string_view line);
  // What is queued is written, then nothing more; `out` may be closed once this is so.
  bool drained() const;
  // The last that came from the side.
  std::string side() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace atelier
