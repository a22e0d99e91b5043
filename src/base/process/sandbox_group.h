// A control group for one sandbox: the kernel's own bound on how many processes it has and how much memory they take
// together, and its count of their time. Where we may not make one (most often: we are not root), there is none, and
// the sandbox is held by other means.
//
// Version 1: a folder below our own group in each of the hierarchies pids, memory, cpuacct and, where processors are
// bounded, cpu. Version 2: one folder where children have the controllers pids and memory (cgroup2.h), found once a
// process: pids.max, memory.max, memory.swap.max, cpu.max; cgroup.kill ends all of it at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace atelier {

struct SandboxBounds {
  int64_t processes = 0, memory_bytes = 0;  // above 0
  double processors = 0;                    // at once; 0: as many as there are
};

class SandboxGroup {
 public:
  // Errors: kUnsupported where a controller that is needed cannot be had, and why of either version.
  static Result<SandboxGroup> Make(const SandboxBounds& bounds);

  SandboxGroup(SandboxGroup&& other) noexcept;
  SandboxGroup& operator=(SandboxGroup&&) = delete;
  // Ends who is left in it, waits for their end, and removes it.
  ~SandboxGroup();

  // What a process writes "0" to, to be in it.
  std::vector<std::string> joins() const;
  // Whether a process was ended because memory was full.
  bool RanOutOfMemory() const;
  // Of all processes, those that have ended too; nothing where this is not counted.
  std::optional<double> CpuSeconds() const;

 private:
  SandboxGroup() = default;
  Result<void> MakeVersion1(const std::string& name, const SandboxBounds& bounds);
  Result<void> MakeVersion2(const std::string& name, const SandboxBounds& bounds);

  std::vector<std::string> folders_;  // each has a cgroup.procs
  std::string memory_, cpu_;          // of folders_; empty: not counted
  bool version_2_ = false;
};

}  // namespace atelier
