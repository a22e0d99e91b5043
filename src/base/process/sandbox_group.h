// A control group for one sandbox: the kernel's own bound on how many processes it has and how much memory they take
// together, and its count of their time. Where we may not make one (most often: we are not root), there is none, and
// the sandbox is held by other means.
//
// Version 1: a folder below our own group in each of the hierarchies pids, memory and cpuacct. Version 2: one folder,
// below our own group or at the root of what we see, where its children have the controllers pids and memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace atelier {

class SandboxGroup {
 public:
  // Nothing where no controller of `processes` and `memory` could be had. REQUIRES: both above 0.
  static std::optional<SandboxGroup> Make(int64_t processes, int64_t memory_bytes);

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
  bool MakeVersion1(const std::string& name, int64_t processes, int64_t memory_bytes);
  bool MakeVersion2(const std::string& name, int64_t processes, int64_t memory_bytes);

  std::vector<std::string> folders_;  // each has a cgroup.procs
  std::string memory_, cpu_;          // of folders_; empty: not counted
  bool version_2_ = false;
};

}  // namespace atelier
