// Watches what the kernel does not bound for a whole sandbox: the time that all its processes have computed, the memory
// they hold where there is no control group, and the size of a scratch folder that is no tmpfs of fixed size. It looks
// every 20 ms; what is taken between two looks is over the limit by so much.
//
// Processes are found as descendants of the namespace's first (/proc/PID/task/TID/children): whoever loses its parent
// becomes a child of that one, so nobody escapes. Memory is the sum of what is resident, by parts where it is shared
// (PSS) once the plain sum is above the limit.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/process/sandbox.h"
#include "base/process/sandbox_group.h"

namespace atelier {

struct SandboxUse {
  int64_t bytes = 0, files = 0;
};
// What a folder of a stranger's holds: allocated bytes and names, links not followed. Looks no further than `most`
// names or 64 levels, and then says that there are more.
SandboxUse MeasureFolder(const std::string& folder, int64_t most);

class SandboxWatch {
 public:
  // `first_process` says the namespace's first process, once it is known (0 before). `group` may be null. On the first
  // limit that is passed `stop` is requested. Everything outlives the watch.
  SandboxWatch(const SandboxSpec& spec, const SandboxGroup* group, std::function<int()> first_process,
               std::stop_source& stop);
  ~SandboxWatch();

  // What was passed, "memory: got …, want at most …"; the code is the limit's name. Ends the watching.
  std::optional<Error> Ended();

 private:
  void Watch(std::stop_token ended);
  std::optional<Error> Look();
  std::optional<Error> LookAtGroup();
  std::optional<Error> LookAtProcesses(int first);
  std::optional<Error> LookAtFiles(int first);
  std::optional<Error> LookAtScratch();

  const SandboxSpec& spec_;
  const SandboxGroup* const group_;
  const std::function<int()> first_process_;
  std::stop_source& stop_;
  std::chrono::steady_clock::time_point next_scratch_{};
  double cpu_seconds_ = 0;  // the most that was seen
  std::optional<Error> passed_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace atelier
