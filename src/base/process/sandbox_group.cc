#include "base/process/sandbox_group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include "base/io/files.h"
#include "base/process/kernel_file.h"

namespace atelier {
namespace {

const std::string kRoot = "/sys/fs/cgroup";

bool Write(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return good;
}

// The lines of a text, each split at the first `separator`.
template <class Each>
void ForEachLine(std::string_view text, char separator, Each each) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const size_t at = std::min(line.find(separator), line.size());
    each(line.substr(0, at), line.substr(std::min(at + 1, line.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Our own group in the hierarchy that has `controller` ("" for version 2): its path from the hierarchy's root.
std::optional<std::string> OwnGroup(std::string_view controller) {
  std::optional<std::string> path;
  ForEachLine(ReadKernelFile("/proc/self/cgroup"), ':', [&](std::string_view, std::string_view rest) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    const std::string_view controllers = rest.substr(0, colon);
    bool named = controllers == controller;
    for (size_t at = 0; !named && at < controllers.size();) {
      const size_t end = std::min(controllers.find(',', at), controllers.size());
      named = controllers.substr(at, end - at) == controller;
      at = end + 1;
    }
    if (named && colon < rest.size()) path = rest.substr(colon + 1) == "/" ? "" : rest.substr(colon + 1);
  });
  return path;
}

bool HasWord(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

}  // namespace

std::optional<SandboxGroup> SandboxGroup::Make(int64_t processes, int64_t memory_bytes) {
  static std::atomic<int> num_made = 0;
  const std::string name = "atelier-sandbox-" + std::to_string(getpid()) + "-" + std::to_string(++num_made);
  SandboxGroup group;
  if (group.MakeVersion2(name, processes, memory_bytes) || group.MakeVersion1(name, processes, memory_bytes)) {
    return group;
  }
  return std::nullopt;
}

bool SandboxGroup::MakeVersion1(const std::string& name, int64_t processes, int64_t memory_bytes) {
  const auto make = [&](const std::string& controller) -> std::string {
    const auto own = OwnGroup(controller);
    if (!own) return "";
    std::string folder = kRoot + "/" + controller + *own + "/" + name;
    if (mkdir(folder.c_str(), 0755) != 0) return "";
    folders_.push_back(folder);
    return folder;
  };
  version_2_ = false;
  const std::string pids = make("pids");
  memory_ = pids.empty() ? "" : make("memory");
  cpu_ = memory_.empty() ? "" : make("cpuacct");
  if (memory_.empty() || !Write(pids + "/pids.max", std::to_string(processes)) ||
      !Write(memory_ + "/memory.limit_in_bytes", std::to_string(memory_bytes))) {
    return false;
  }
  // Not there where swap is not counted.
  static_cast<void>(Write(memory_ + "/memory.memsw.limit_in_bytes", std::to_string(memory_bytes)));
  return true;
}

bool SandboxGroup::MakeVersion2(const std::string& name, int64_t processes, int64_t memory_bytes) {
  const auto own = OwnGroup("");
  if (!own) return false;
  // Of a group with processes no child may have controllers, so our own serves only where it is the root.
  for (const std::string& parent : {kRoot + *own, FolderOf(kRoot + *own), kRoot}) {
    if (!parent.starts_with(kRoot) || !HasWord(ReadKernelFile(parent + "/cgroup.controllers"), "memory")) continue;
    static_cast<void>(Write(parent + "/cgroup.subtree_control", "+pids +memory"));
    const std::string given = ReadKernelFile(parent + "/cgroup.subtree_control");
    if (!HasWord(given, "pids") || !HasWord(given, "memory")) continue;
    const std::string folder = parent + "/" + name;
    if (mkdir(folder.c_str(), 0755) != 0) continue;
    folders_.push_back(folder);
    memory_ = cpu_ = folder;
    version_2_ = true;
    static_cast<void>(Write(folder + "/memory.swap.max", "0"));
    // Joining needs the right to write to the common ancestor's list too: seen by the probe.
    return Write(folder + "/pids.max", std::to_string(processes)) &&
           Write(folder + "/memory.max", std::to_string(memory_bytes));
  }
  return false;
}

SandboxGroup::SandboxGroup(SandboxGroup&& other) noexcept
    : folders_(std::exchange(other.folders_, {})),
      memory_(std::move(other.memory_)),
      cpu_(std::move(other.cpu_)),
      version_2_(other.version_2_) {}

SandboxGroup::~SandboxGroup() {
  using namespace std::chrono_literals;
  for (const std::string& folder : folders_) {
    // A process that is ending is still in it: some milliseconds; after ten seconds the folder is left.
    for (int i = 0; i < 2'000 && rmdir(folder.c_str()) != 0; ++i) {
      ForEachLine(ReadKernelFile(folder + "/cgroup.procs"), ' ', [](std::string_view pid, std::string_view) {
        const int number = std::atoi(std::string(pid).c_str());
        if (number > 1) kill(number, SIGKILL);
      });
      std::this_thread::sleep_for(5ms);
    }
  }
}

std::vector<std::string> SandboxGroup::joins() const {
  std::vector<std::string> files;
  for (const std::string& folder : folders_) files.push_back(folder + "/cgroup.procs");
  return files;
}

bool SandboxGroup::RanOutOfMemory() const {
  const std::string events = memory_ + (version_2_ ? "/memory.events" : "/memory.oom_control");
  return NumberAfter(ReadKernelFile(events), "oom_kill ") > 0;
}

std::optional<double> SandboxGroup::CpuSeconds() const {
  if (cpu_.empty()) return std::nullopt;
  if (version_2_) {
    const int64_t micros = NumberAfter(ReadKernelFile(cpu_ + "/cpu.stat"), "usage_usec ");
    return micros >= 0 ? std::optional(static_cast<double>(micros) / 1e6) : std::nullopt;
  }
  const std::string nanos = ReadKernelFile(cpu_ + "/cpuacct.usage");
  if (nanos.empty()) return std::nullopt;
  return std::atof(nanos.c_str()) / 1e9;
}

}  // namespace atelier
