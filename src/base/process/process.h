// Runs another program and waits for it. No shell is involved: arguments reach the program as they are.
//
// The child leads its own process group, inherits no descriptor but its three streams (and what is to be kept open),
// and has default signal handling. It is ended (the whole group: SIGTERM, then SIGKILL after a grace) when the deadline
// passes or stop is requested; nothing of the group outlives RunProcess. Output beyond the limit is read and dropped,
// so that the child never blocks on us.   Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace atelier {

struct ProcessUser {
  uint32_t uid = 0, gid = 0;
};

struct ProcessSpec {
  std::vector<std::string> args = {};  // args[0]: a path, or a name that is looked up in PATH
  // Set over (or added to) our environment.
  std::vector<std::pair<std::string, std::string>> extra_env = {};
  bool only_extra_env = false;           // nothing of our environment but extra_env
  std::string folder = {};               // to run in; empty: ours
  std::string input = {};                // given on stdin, which then ends
  int64_t max_output_bytes = 1 << 20;    // kept of stdout and of stderr, each
  std::chrono::milliseconds timeout{0};  // 0: none
  // Limits that the kernel holds each process of the child's to, from its start on: address space (what it asks for
  // beyond fails), and the size of files that it writes. 0: ours.
  int64_t max_memory_bytes = 0;
  int64_t max_file_bytes = 0;
  std::vector<std::pair<int, int64_t>> limits = {};  // further ones: RLIMIT_…, the most; 0: ours
  // Whom it becomes, without further groups; needs root.
  std::optional<ProcessUser> user = {};
  // Files of control groups ("…/cgroup.procs") that it puts itself into before it becomes somebody else.
  std::vector<std::string> join = {};
  std::vector<int> keep_open = {};  // descriptors of ours that are 3, 4, … there
  std::chrono::milliseconds kill_grace{2'000};
  std::stop_token stop = {};
  // Each line of stdout and stderr as it comes, without its end ('\n' or '\r': progress bars rewrite their line);
  // lines above 64 KiB in pieces.
  std::function<void(std::string_view line)> on_line = {};
};

struct ProcessOutput {
  int exit_code = 0;  // -1 where a signal ended it
  int signal = 0;     // 0 where it exited
  std::string out;
  std::string err;
  bool truncated = false;  // out or err was over the limit

  bool succeeded() const { return exit_code == 0 && signal == 0; }
  // "exited with 3", "was ended by signal 9".
  std::string HowItEnded() const;
};

// A child that fails is an output, not an error. Errors: kNotFound (no such program, by name), kDenied,
// kTimeout, kCancelled, kUnavailable.
Result<ProcessOutput> RunProcess(const ProcessSpec& spec);

// The path of a program in PATH.
std::optional<std::string> FindProgram(std::string_view name);

}  // namespace atelier
