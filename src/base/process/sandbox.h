// Runs a program that is not trusted, in a world of its own:
//
//   what it sees    /usr and the few files of /etc that programs need, read-only; its own /proc, /dev and /tmp; what
//                   `readable` names; nobody's home, no sockets of services, no processes but its own
//   what it writes  /scratch, its scratch folder, and /tmp
//   whom it is      an ordinary user without any capability, in namespaces of its own; a nobody where we are root
//   the network     none: an empty namespace; with `network`, ours, loopback and private addresses included
//   landlock        the same view once more, where the kernel has it; with `network` also no sockets of services that
//                   have a name but no file, and no signals to others (sandbox_init_main.cc)
//   system calls    those that reach into other processes, mounts, keys, modules, clocks, namespaces, and memory that
//                   belongs to nobody, are refused (sandbox_filter.h)
//
// and within limits that hold for all its processes together: time, processors, memory, processes, files. Built on
// bubblewrap, which makes the namespaces; its program must be installed. Limits are held by the kernel where it has a
// way to, and are watched beside (sandbox_watch.h) where it has none for a whole tree of processes:
//
//   processes   RLIMIT_NPROC, set within the user namespace, where it counts this sandbox alone (Linux 5.14) and binds
//               because the user is not root; and the pids control group where we may make one
//   memory      a memory control group where we may make one; RLIMIT_DATA for each process; watched
//   processors  RLIMIT_CPU for each process; watched for all; how many at a time by a cpu control group alone
//   files       RLIMIT_FSIZE and RLIMIT_NOFILE; tmpfs of a fixed size, or a folder of ours that is watched
//   time        the process group and the namespace, and with it every descendant, are killed
//
// Nothing is run before a probe (SandboxReport) has tried every limit once in this process: where one does not hold,
// the error names it. What the sandbox does not protect from stands in docs/tools.md.   Thread-safe.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/process/process.h"
#include "base/result.h"
#include "base/text/describe.h"

namespace atelier {

struct SandboxLimits {
  double wall_seconds = 60;
  double cpu_seconds = 30;            // of all processes together
  double processors = 0;              // of all together at a time, by a control group; 0: as many as there are
  int64_t memory_bytes = 512 << 20;   // of all processes together, beside what is in /tmp and a passing scratch
  int32_t processes = 64;             // at a time, threads included
  int32_t open_files = 256;           // of each process
  int64_t file_bytes = 64 << 20;      // of each file
  int64_t scratch_bytes = 256 << 20;  // of the scratch folder; of /tmp as well
  int32_t scratch_files = 10'000;     // in the scratch folder; in /tmp as well
  int64_t output_bytes = 1 << 20;     // kept of stdout and of stderr, each
  static Fields Describe();
};

struct SandboxSpec {
  // args[0]: a path within the sandbox, or a name that is looked up in /usr/local/bin, /usr/bin and /bin.
  std::vector<std::string> args = {};
  std::string input = {};  // given on stdin, which then ends
  // Beside PATH, HOME, TMPDIR, LANG and USER.
  std::vector<std::pair<std::string, std::string>> environment = {};
  // A folder that is seen as /scratch, where the program starts, and stays: of PrepareScratch. Empty: one in memory
  // that goes with the program.
  std::string scratch = {};
  // Files and folders that are seen read-only in their own place; absolute.
  std::vector<std::string> readable = {};
  bool network = false;
  SandboxLimits limits = {};
  std::stop_token stop = {};
};

// A program that fails is an output; one that a signal ended inside has that signal. Errors: kUnsupported where there
// is no sandbox on this machine; kTimeout; kCancelled; kExhausted where it was ended for a limit, whose name is the
// code
// ("memory", "cpu", "scratch"); kInvalid for what `spec` names wrongly.
Result<ProcessOutput> RunInSandbox(const SandboxSpec& spec);

// Makes a folder (if needed, its parents must exist) that the sandbox's user may write to and others may not. It must
// stand where that user can come to: not below a home that is closed to others, if we are root.
Result<void> PrepareScratch(const std::string& folder);

// What was found when each limit was tried.
struct SandboxFinding {
  std::string limit;    // "processes"
  std::string problem;  // empty: in force
};
struct SandboxReport {
  std::string unavailable;  // why nothing could be tried; empty: all was
  std::vector<SandboxFinding> findings = {};
  bool has_groups = false;         // control groups hold processes and memory
  std::string why_no_groups = {};  // empty where they do
  int landlock = 0;                // its version where it holds beside mounts; 0: the kernel has none
  bool as_root = false;            // we are root, the sandbox is nobody

  bool usable() const;
  // What is wrong in one sentence.   REQUIRES: !usable().
  std::string Problem() const;
};
// Tries once, then remembers: the first call takes about a second.
const SandboxReport& ProbeSandbox();

}  // namespace atelier
