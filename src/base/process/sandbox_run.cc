#include "base/process/sandbox_run.h"

#include <linux/landlock.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "base/process/kernel_file.h"
#include "base/process/sandbox_filter.h"
#include "base/process/sandbox_group.h"
#include "base/process/sandbox_watch.h"

namespace atelier {
namespace {

constexpr uint32_t kNobody = 65'534;
constexpr std::string_view kInit = "/sandbox_init";                                               // there
constexpr int kFilterFd = 3, kInfoFd = 4, kPasswdFd = 5, kGroupFd = 6, kInitFd = 7, kArgsFd = 8;  // there
constexpr std::string_view kPasswd = "sandbox:x:1000:1000::/scratch:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
constexpr std::string_view kGroups = "sandbox:x:1000:\nnogroup:x:65534:\n";

// What programs read of /etc to find libraries, names, times and certificates.
constexpr std::string_view kEtc[] = {
    "/etc/ld.so.cache", "/etc/ld.so.conf",    "/etc/ld.so.conf.d", "/etc/alternatives",    "/etc/localtime",
    "/etc/timezone",    "/etc/nsswitch.conf", "/etc/mime.types",   "/etc/python3",         "/etc/python3.11",
    "/etc/fonts",       "/etc/magic",         "/etc/ssl/certs",    "/etc/ca-certificates", "/etc/pki"};
constexpr std::string_view kEtcOfNetwork[] = {"/etc/resolv.conf", "/etc/hosts",    "/etc/services",
                                              "/etc/protocols",   "/etc/gai.conf", "/etc/host.conf"};

// A file in memory with this text.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : fd_(memfd_create("sandbox", MFD_CLOEXEC)) {
    good_ = fd_ >= 0 && write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
            lseek(fd_, 0, SEEK_SET) == 0;
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (fd_ >= 0) close(fd_);
  }
  bool good() const { return good_; }
  int fd() const { return fd_; }
  std::string Text() const {
    std::string text(4096, '\0');
    const ssize_t got = pread(fd_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
  }

 private:
  const int fd_;
  bool good_ = false;
};

void Append(std::vector<std::string>& args, std::initializer_list<std::string_view> more) {
  args.insert(args.end(), more.begin(), more.end());
}

void AppendSystem(std::vector<std::string>& args, bool network) {
  Append(args, {"--ro-bind", "/usr", "/usr"});
  for (const std::string folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code none;
    const auto target = std::filesystem::read_symlink(folder, none);
    if (!none) {
      Append(args, {"--symlink", target.native(), folder});
    } else {
      Append(args, {"--ro-bind-try", folder, folder});
    }
  }
  for (const std::string_view path : kEtc) Append(args, {"--ro-bind-try", path, path});
  if (network) {
    for (const std::string_view path : kEtcOfNetwork) Append(args, {"--ro-bind-try", path, path});
  }
  Append(args, {"--ro-bind-data", std::to_string(kPasswdFd), "/etc/passwd"});
  Append(args, {"--ro-bind-data", std::to_string(kGroupFd), "/etc/group"});
  Append(args, {"--perms", "0555", "--ro-bind-data", std::to_string(kInitFd), kInit});
}

// bubblewrap's own, but for the program.
std::vector<std::string> WorldOf(const SandboxSpec& spec) {
  const std::string size = std::to_string(spec.limits.scratch_bytes);
  std::vector<std::string> args;
  Append(args, {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"});
  if (!spec.network) Append(args, {"--unshare-net"});
  Append(args, {"--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--die-with-parent", "--new-session"});
  Append(args, {"--seccomp", std::to_string(kFilterFd), "--info-fd", std::to_string(kInfoFd)});
  AppendSystem(args, spec.network);
  Append(args, {"--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"});
  Append(args, {"--size", size, "--tmpfs", "/tmp"});
  if (spec.scratch.empty()) {
    Append(args, {"--size", size, "--tmpfs", "/scratch"});
  } else {
    Append(args, {"--bind", spec.scratch, "/scratch"});
  }
  for (const std::string& path : spec.readable) Append(args, {"--ro-bind", path, path});
  Append(args, {"--remount-ro", "/", "--chdir", "/scratch"});
  return args;
}

// They go by a file: the program could read them in its /proc, and with them where our folders are.
std::string Joined(const std::vector<std::string>& args) {
  std::string text;
  for (const std::string& arg : args) text += arg + '\0';
  return text;
}

std::vector<std::string> CommandOf(const SandboxSpec& spec) {
  // Within the namespace it counts this sandbox alone; its first process is one more.
  const std::string processes = std::to_string(spec.limits.processes + 1);
  std::vector<std::string> args = {"bwrap", "--args", std::to_string(kArgsFd), "--"};
  Append(args, {kInit, processes, std::to_string(spec.limits.file_bytes)});
  args.insert(args.end(), spec.args.begin(), spec.args.end());
  return args;
}

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> Check(const SandboxSpec& spec) {
  const SandboxLimits& limits = spec.limits;
  if (spec.args.empty() || spec.args[0].empty()) return Error::Invalid("args", "got none, want a program");
  if (std::ranges::any_of(spec.args, HasNul)) return Error::Invalid("args", "got a NUL character, want none");
  for (const auto& [name, value] : spec.environment) {
    if (name.empty() || name.find('=') != std::string::npos || HasNul(name + value)) {
      return Error::Invalid("environment", "got '" + name + "', want a name without '=' and no NUL characters");
    }
  }
  if (limits.processes < 1 || limits.open_files < 8 || limits.memory_bytes < 1 || limits.scratch_bytes < 1 ||
      limits.file_bytes < 1 || !(limits.cpu_seconds > 0) || !(limits.wall_seconds > 0) || !(limits.processors >= 0)) {
    return Error::Invalid("limits", "got one that lets nothing run, want all above 0 (open_files: at least 8)");
  }
  std::error_code none;
  if (!spec.scratch.empty() && (spec.scratch[0] != '/' || !std::filesystem::is_directory(spec.scratch, none))) {
    return Error::Invalid("scratch", "got '" + spec.scratch + "', want the path of a folder, beginning with '/'");
  }
  for (const std::string& path : spec.readable) {
    if (path.size() < 2 || path[0] != '/' || HasNul(path) || !std::filesystem::exists(path, none)) {
      return Error::Invalid("readable", "got '" + path + "', want a path that is there, beginning with '/'");
    }
  }
  return {};
}

ProcessSpec MakeProcess(const SandboxSpec& spec) {
  const SandboxLimits& limits = spec.limits;
  ProcessSpec process{.args = CommandOf(spec)};
  process.only_extra_env = true;
  process.extra_env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                       {"HOME", "/scratch"},
                       {"TMPDIR", "/tmp"},
                       {"LANG", "C.UTF-8"},
                       {"USER", "sandbox"}};
  for (const auto& entry : spec.environment) {
    const auto known = std::ranges::find(process.extra_env, entry.first, &std::pair<std::string, std::string>::first);
    if (known == process.extra_env.end()) {
      process.extra_env.push_back(entry);
    } else {
      known->second = entry.second;
    }
  }
  process.folder = "/";
  process.input = spec.input;
  process.max_output_bytes = limits.output_bytes;
  process.timeout = std::chrono::milliseconds(std::max<int64_t>(1, static_cast<int64_t>(limits.wall_seconds * 1000)));
  process.kill_grace = std::chrono::milliseconds(200);
  process.limits = {{RLIMIT_CPU, static_cast<int64_t>(limits.cpu_seconds) + 1},
                    {RLIMIT_DATA, limits.memory_bytes},
                    {RLIMIT_NOFILE, limits.open_files},
                    {RLIMIT_MEMLOCK, 1 << 16},
                    {RLIMIT_CORE, 1}};  // one byte: no handler of the system's is started either
  process.user = SandboxUser();
  return process;
}

// Whether the process is surely in another PID namespace than that one (of which nothing may be known: -1).
bool IsElsewhere(int64_t process, int64_t pid_namespace) {
  std::array<char, 64> is_in{};
  const std::string link = "/proc/" + std::to_string(process) + "/ns/pid";
  return pid_namespace > 0 && readlink(link.c_str(), is_in.data(), is_in.size() - 1) > 0 &&
         is_in.data() != "pid:[" + std::to_string(pid_namespace) + "]";
}

// Until the namespace's first process has ended, and with it all others: bubblewrap itself ends before. Its number may
// be another's by then.
//   info   what bubblewrap tells of both
Result<void> AwaitEnd(std::string_view info) {
  const int64_t first = NumberAfter(info, "\"child-pid\":");
  if (first <= 0) return {};
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, static_cast<int>(first), 0));
  if (pidfd < 0) return {};
  pollfd wait{pidfd, POLLIN, 0};
  const int ended = IsElsewhere(first, NumberAfter(info, "\"pid-namespace\":")) ? 1 : poll(&wait, 1, 60'000);
  close(pidfd);
  if (ended == 1) return {};
  return Error::Internal("sandbox", "its processes still run a minute after they were killed");
}

// The error of a limit that was passed, or what the program left.
Result<ProcessOutput> Judge(const SandboxSpec& spec, Result<ProcessOutput> output, std::optional<Error> passed) {
  if (passed) return *std::move(passed);
  if (!output.ok() && output.error().kind == ErrorKind::kTimeout) {
    return Error::Timeout("sandbox: wall", "still runs after " + std::to_string(spec.limits.wall_seconds) + " s")
        .WithCode("wall");
  }
  if (!output.ok() && output.error().kind == ErrorKind::kCancelled) {
    return Error::Cancelled("sandbox", "stopped on request");
  }
  if (!output.ok()) return std::move(output).error().Under("sandbox");
  // bubblewrap says as a shell does how its program ended.
  if (output->signal == 0 && output->exit_code > 128 && output->exit_code <= 128 + 64) {
    output->signal = output->exit_code - 128;
    output->exit_code = -1;
  }
  if (output->signal == SIGXCPU) {
    return Error::Exhausted("sandbox: cpu", "want at most " + std::to_string(spec.limits.cpu_seconds) + " s")
        .WithCode("cpu");
  }
  return output;
}

}  // namespace

std::optional<ProcessUser> SandboxUser() {
  if (geteuid() != 0) return std::nullopt;
  return ProcessUser{kNobody, kNobody};
}

int LandlockVersion() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 2 ? 0 : static_cast<int>(version);
}

std::string WhyNoSandbox() {
  if (!FindProgram("bwrap")) return "there is no program bwrap in PATH: install the package bubblewrap";
  return "";
}

Result<ProcessOutput> RunUnprobed(const SandboxSpec& spec) {
  TRY_VOID(Check(spec));
  const MemoryFile filter(SandboxFilter()), info(""), passwd(kPasswd), groups(kGroups), init(SandboxInit()),
      world(Joined(WorldOf(spec)));
  if (!filter.good() || !info.good() || !passwd.good() || !groups.good() || !init.good() || !world.good()) {
    return Error::Unavailable("sandbox", "no file in memory could be made");
  }
  ProcessSpec process = MakeProcess(spec);
  process.keep_open = {filter.fd(), info.fd(), passwd.fd(), groups.fd(), init.fd(), world.fd()};
  // bubblewrap's own two processes and a moment's third are more; files in memory count as memory.
  const int64_t in_memory = spec.limits.scratch_bytes * (spec.scratch.empty() ? 2 : 1);
  const SandboxBounds bounds{.processes = spec.limits.processes + 3,
                             .memory_bytes = spec.limits.memory_bytes + in_memory,
                             .processors = spec.limits.processors};
  const Result<SandboxGroup> group = SandboxGroup::Make(bounds);
  // The others hold, less sharply, without groups.
  if (!group.ok() && bounds.processors > 0) return Error(group.error()).Under("limits.processors");
  if (group.ok()) process.join = group->joins();

  std::stop_source stop;
  const std::stop_callback forward(spec.stop, [&stop] { stop.request_stop(); });
  process.stop = stop.get_token();
  const auto first = [&info] { return static_cast<int>(NumberAfter(info.Text(), "\"child-pid\":")); };
  SandboxWatch watch(spec, group.ok() ? &*group : nullptr, first, stop);
  auto output = RunProcess(process);
  auto passed = watch.Ended();
  TRY_VOID(AwaitEnd(info.Text()));
  return Judge(spec, std::move(output), std::move(passed));
}

}  // namespace atelier
