#include "base/process/sandbox_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/process/kernel_file.h"

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPause{20};
constexpr size_t kMaxProcesses = 10'000;  // looked at; far above any limit

std::string Process(int pid) { return "/proc/" + std::to_string(pid); }

void AppendChildren(const std::string& file, std::vector<int>& pids) {
  const std::string text = ReadKernelFile(file);
  for (const char* at = text.c_str(); *at != '\0';) {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at) break;
    if (pid > 1) pids.push_back(static_cast<int>(pid));
    at = *end == ' ' ? end + 1 : end;
  }
}

std::vector<int> Descendants(int first) {
  std::vector<int> pids{first};
  for (size_t i = 0; i < pids.size() && pids.size() < kMaxProcesses; ++i) {
    const std::string tasks = Process(pids[i]) + "/task";
    DIR* const folder = opendir(tasks.c_str());
    if (folder == nullptr) continue;
    while (const dirent* entry = readdir(folder)) {
      if (entry->d_name[0] != '.') AppendChildren(tasks + "/" + entry->d_name + "/children", pids);
    }
    closedir(folder);
  }
  return pids;
}

int64_t ResidentBytes(int pid) {
  const std::string text = ReadKernelFile(Process(pid) + "/statm");
  const size_t space = text.find(' ');
  return space == std::string::npos ? 0 : std::atoll(text.c_str() + space) * sysconf(_SC_PAGESIZE);
}

// Its part of what it shares.
int64_t OwnBytes(int pid) {
  const int64_t kilobytes = NumberAfter(ReadKernelFile(Process(pid) + "/smaps_rollup"), "\nPss:");
  return kilobytes >= 0 ? kilobytes * 1024 : ResidentBytes(pid);
}

// Of the process and of its children that it has waited for.
double CpuSeconds(int pid) {
  const std::string text = ReadKernelFile(Process(pid) + "/stat");
  // The name stands in brackets and may hold anything; fields 14 to 17 are utime, stime, cutime, cstime.
  size_t at = text.rfind(')');
  if (at == std::string::npos) return 0;
  for (int field = 2; field < 14 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  int64_t ticks = 0;
  const char* next = text.c_str() + at;
  for (int i = 0; i < 4; ++i) {
    char* end = nullptr;
    ticks += std::strtoll(next, &end, 10);
    next = end;
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Error Passed(const std::string& limit, const std::string& got, const std::string& most) {
  return Error::Exhausted("sandbox: " + limit, "got " + got + ", want at most " + most).WithCode(limit);
}

void Measure(int fd, int depth, int64_t most, SandboxUse& use) {
  constexpr int kMaxDepth = 64;
  DIR* const folder = fdopendir(fd);
  if (folder == nullptr) {
    close(fd);
    return;
  }
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (++use.files > most) break;
    struct stat info;
    if (fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    use.bytes += static_cast<int64_t>(info.st_blocks) * 512;
    if (!S_ISDIR(info.st_mode)) continue;
    if (depth >= kMaxDepth) {
      use.files = most + 1;
      break;
    }
    const int inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) Measure(inner, depth + 1, most, use);
  }
  closedir(folder);
}

}  // namespace

SandboxUse MeasureFolder(const std::string& folder, int64_t most) {
  SandboxUse use;
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) Measure(fd, 0, most, use);
  return use;
}

SandboxWatch::SandboxWatch(const SandboxSpec& spec, const SandboxGroup* group, std::function<int()> first_process,
                           std::stop_source& stop)
    : spec_(spec),
      group_(group),
      first_process_(std::move(first_process)),
      stop_(stop),
      thread_([this](std::stop_token ended) { Watch(std::move(ended)); }) {}

SandboxWatch::~SandboxWatch() = default;

std::optional<Error> SandboxWatch::Ended() {
  thread_.request_stop();
  thread_.join();
  // What was over at the very end.
  if (!passed_) passed_ = LookAtGroup();
  if (!passed_) passed_ = LookAtScratch();
  return passed_;
}

void SandboxWatch::Watch(std::stop_token ended) {
  std::unique_lock lock(mutex_);
  while (!ended.stop_requested()) {
    passed_ = Look();
    if (passed_) {
      stop_.request_stop();
      return;
    }
    wake_.wait_for(lock, ended, kPause, [] { return false; });
  }
}

std::optional<Error> SandboxWatch::Look() {
  if (auto passed = LookAtGroup()) return passed;
  if (const int first = first_process_(); first > 0) {
    if (auto passed = LookAtProcesses(first)) return passed;
    if (auto passed = LookAtFiles(first)) return passed;
  }
  if (cpu_seconds_ > spec_.limits.cpu_seconds) {
    return Passed("cpu", std::to_string(cpu_seconds_) + " s", std::to_string(spec_.limits.cpu_seconds) + " s");
  }
  if (SteadyClock::now() < next_scratch_) return std::nullopt;
  return LookAtScratch();
}

std::optional<Error> SandboxWatch::LookAtGroup() {
  if (group_ == nullptr) return std::nullopt;
  if (const auto seconds = group_->CpuSeconds()) cpu_seconds_ = *seconds;
  if (!group_->RanOutOfMemory()) return std::nullopt;
  return Passed("memory", "more", std::to_string(spec_.limits.memory_bytes) + " bytes");
}

std::optional<Error> SandboxWatch::LookAtProcesses(int first) {
  const bool counts_cpu = group_ == nullptr || !group_->CpuSeconds();
  if (group_ != nullptr && !counts_cpu) return std::nullopt;
  const std::vector<int> pids = Descendants(first);
  double seconds = 0;
  int64_t bytes = 0;
  for (const int pid : pids) {
    if (counts_cpu) seconds += CpuSeconds(pid);
    bytes += ResidentBytes(pid);
  }
  cpu_seconds_ = std::max(cpu_seconds_, seconds);
  if (group_ != nullptr || bytes <= spec_.limits.memory_bytes) return std::nullopt;
  bytes = 0;
  for (const int pid : pids) bytes += OwnBytes(pid);
  if (bytes <= spec_.limits.memory_bytes) return std::nullopt;
  return Passed("memory", std::to_string(bytes) + " bytes", std::to_string(spec_.limits.memory_bytes));
}

// The tmpfs of a sandbox are bounded in bytes by themselves, but not in the number of files.
std::optional<Error> SandboxWatch::LookAtFiles(int first) {
  for (const char* folder : {"/tmp", "/scratch"}) {
    if (spec_.scratch.empty() || std::string_view(folder) == "/tmp") {
      struct statvfs info;
      const std::string path = Process(first) + "/root" + folder;
      if (statvfs(path.c_str(), &info) != 0 || info.f_files == 0) continue;
      const auto files = static_cast<int64_t>(info.f_files - info.f_ffree);
      // Before the namespace is made this is our own /tmp, not a tmpfs of the limit's size.
      const auto size = static_cast<int64_t>(info.f_blocks * info.f_frsize);
      if (size > spec_.limits.scratch_bytes + sysconf(_SC_PAGESIZE) || files <= spec_.limits.scratch_files) continue;
      return Passed("scratch", std::to_string(files) + " files", std::to_string(spec_.limits.scratch_files));
    }
  }
  return std::nullopt;
}

std::optional<Error> SandboxWatch::LookAtScratch() {
  if (spec_.scratch.empty()) return std::nullopt;
  const auto begun = SteadyClock::now();
  const SandboxUse use = MeasureFolder(spec_.scratch, spec_.limits.scratch_files);
  // At most a tenth of a processor goes into this.
  const auto now = SteadyClock::now();
  next_scratch_ = now + std::max<SteadyClock::duration>(kPause, 10 * (now - begun));
  if (use.files > spec_.limits.scratch_files) {
    return Passed("scratch", "more files", std::to_string(spec_.limits.scratch_files));
  }
  if (use.bytes <= spec_.limits.scratch_bytes) return std::nullopt;
  return Passed("scratch", std::to_string(use.bytes) + " bytes", std::to_string(spec_.limits.scratch_bytes));
}

}  // namespace atelier
