#include "base/process/sandbox_group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include "base/process/cgroup2.h"
#include "base/process/kernel_file.h"

namespace atelier {
namespace {

const std::string kRoot = "/sys/fs/cgroup";  // of version 1
constexpr int64_t kPeriodMicros = 100'000;

// Of a period that all processors together may work.
int64_t QuotaMicros(const SandboxBounds& bounds) {
  return std::max<int64_t>(1'000, static_cast<int64_t>(bounds.processors * static_cast<double>(kPeriodMicros)));
}

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

// Our own group in the hierarchy that has `controller`: its path from the hierarchy's root.
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

Error CannotMake(const std::string& folder, int fault) {
  return Error::Unsupported("control groups", "cannot make " + folder + ": " + std::strerror(fault));
}
Error CannotBound(const std::string& file) {
  return Error::Unsupported("control groups", "cannot write " + file + ": " + std::strerror(errno));
}

// Found once: finding it may have moved this process.
const Result<Cgroup2Place>& PlaceInVersion2() {
  static const Result<Cgroup2Place> place = FindCgroup2Place(CgroupFiles::Real(), {"pids", "memory"});
  return place;
}

}  // namespace

Result<SandboxGroup> SandboxGroup::Make(const SandboxBounds& bounds) {
  static std::atomic<int> num_made = 0;
  const std::string name = "atelier-sandbox-" + std::to_string(getpid()) + "-" + std::to_string(++num_made);
  SandboxGroup second, first;
  const Result<void> version_2 = second.MakeVersion2(name, bounds);
  if (version_2.ok()) return second;
  const Result<void> version_1 = first.MakeVersion1(name, bounds);
  if (version_1.ok()) return first;
  return Error::Unsupported("control groups", version_2.error().what + "; of version 1: " + version_1.error().what);
}

Result<void> SandboxGroup::MakeVersion1(const std::string& name, const SandboxBounds& bounds) {
  // Hierarchies may be one: "cpu,cpuacct" under both names.
  const auto make = [&](const std::string& controller, std::string& folder) -> Result<void> {
    const auto own = OwnGroup(controller);
    if (!own) return Error::Unsupported("control groups", "there is no hierarchy of " + controller);
    folder = kRoot + "/" + controller + *own + "/" + name;
    if (mkdir(folder.c_str(), 0755) == 0) {
      folders_.push_back(folder);
    } else if (errno != EEXIST || folders_.empty()) {
      return CannotMake(folder, errno);
    }
    return {};
  };
  const auto bound = [](const std::string& file, int64_t most) -> Result<void> {
    return Write(file, std::to_string(most)) ? Result<void>() : CannotBound(file);
  };
  version_2_ = false;
  std::string pids, cpu;
  TRY_VOID(make("pids", pids));
  TRY_VOID(make("memory", memory_));
  if (bounds.processors > 0) TRY_VOID(make("cpu", cpu));
  if (!make("cpuacct", cpu_).ok()) cpu_.clear();
  TRY_VOID(bound(pids + "/pids.max", bounds.processes));
  TRY_VOID(bound(memory_ + "/memory.limit_in_bytes", bounds.memory_bytes));
  // Not there where swap is not counted.
  static_cast<void>(bound(memory_ + "/memory.memsw.limit_in_bytes", bounds.memory_bytes));
  if (cpu.empty()) return {};
  TRY_VOID(bound(cpu + "/cpu.cfs_period_us", kPeriodMicros));
  return bound(cpu + "/cpu.cfs_quota_us", QuotaMicros(bounds));
}

Result<void> SandboxGroup::MakeVersion2(const std::string& name, const SandboxBounds& bounds) {
  const Result<Cgroup2Place>& place = PlaceInVersion2();
  if (!place.ok()) return place.error();
  if (bounds.processors > 0 && !place->has_cpu) {
    return Error::Unsupported("control groups", "group " + place->folder + " has no controller cpu");
  }
  const std::string folder = place->folder + "/" + name;
  if (mkdir(folder.c_str(), 0755) != 0) return CannotMake(folder, errno);
  folders_.push_back(folder);
  memory_ = cpu_ = folder;
  version_2_ = true;
  const auto bound = [&](const char* file, const std::string& most) -> Result<void> {
    return Write(folder + file, most) ? Result<void>() : CannotBound(folder + file);
  };
  // Not there where swap is not counted.
  static_cast<void>(bound("/memory.swap.max", "0"));
  // Joining needs the right to write to the common ancestor's list too: seen by the probe.
  TRY_VOID(bound("/pids.max", std::to_string(bounds.processes)));
  TRY_VOID(bound("/memory.max", std::to_string(bounds.memory_bytes)));
  if (bounds.processors <= 0) return {};
  return bound("/cpu.max", std::to_string(QuotaMicros(bounds)) + " " + std::to_string(kPeriodMicros));
}

SandboxGroup::SandboxGroup(SandboxGroup&& other) noexcept
    : folders_(std::exchange(other.folders_, {})),
      memory_(std::move(other.memory_)),
      cpu_(std::move(other.cpu_)),
      version_2_(other.version_2_) {}

SandboxGroup::~SandboxGroup() {
  using namespace std::chrono_literals;
  for (const std::string& folder : folders_) {
    if (version_2_) static_cast<void>(Write(folder + "/cgroup.kill", "1"));  // Linux 5.14; else one by one
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
