// A program that runs beside us and is talked to in lines, for as long as this object lives: a server over stdio.
//
// It leads its own process group, inherits no descriptor but its three streams and no variable of ours but those it is
// given, and is ended with all of its group: its stdin is closed, and after a grace SIGTERM, then SIGKILL.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/process/line_pipe.h"
#include "base/result.h"

namespace atelier {

struct LiveChildSpec {
  std::vector<std::string> args;  // args[0]: a path, or a name that is looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment = {};  // all of it
  std::string folder = {};                                            // to run in; empty: ours
  int64_t max_line_bytes = 16 << 20;
  std::chrono::milliseconds grace{2'000};  // before each harder way to end it
};

class LiveChild {
 public:
  // Errors: kNotFound (no such program), kDenied, kUnavailable.
  static Result<std::unique_ptr<LiveChild>> Start(Loop& loop, LiveChildSpec spec, LinePipe::OnLine on_line,
                                                  LinePipe::OnEnd on_end);
  // Ends it; waits twice the grace at most.
  ~LiveChild();
  LiveChild(const LiveChild&) = delete;
  LiveChild& operator=(const LiveChild&) = delete;

  // False: it has ended, or does not read.
  bool Write(std::string_view line) { return pipe_->Write(line); }
  // The last that it wrote to stderr.
  std::string complaints() const { return pipe_->side(); }
  pid_t pid() const { return pid_; }

  // What programs usually need of our environment to run at all, and nothing else: PATH, HOME, LANG and the like.
  static std::vector<std::pair<std::string, std::string>> PlainEnvironment();

 private:
  LiveChild() = default;
  // Whether it has ended within `time`; reaps it then.
  bool Ended(std::chrono::milliseconds time);

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;  // our ends
  std::chrono::milliseconds grace_{0};
  std::unique_ptr<LinePipe> pipe_;
};

}  // namespace atelier
