#include "base/process/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

extern char** environ;

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr size_t kMaxLineBytes = 64 << 10;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { Close(); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Error SystemError(const std::string& where, std::string_view call, int code) {
  const auto kind = code == ENOENT   ? ErrorKind::kNotFound
                    : code == EACCES ? ErrorKind::kDenied
                                     : ErrorKind::kUnavailable;
  return Error::Of(kind, where, std::string(call) + ": " + std::error_code(code, std::generic_category()).message());
}

void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

// Our environment with `extra` over it, or `extra` alone, as exec wants it.
class Environment {
 public:
  Environment(const std::vector<std::pair<std::string, std::string>>& extra, bool only_extra) {
    for (char** entry = environ; !only_extra && *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      const std::string_view name = text.substr(0, text.find('='));
      if (std::ranges::find(extra, name, &std::pair<std::string, std::string>::first) == extra.end()) {
        texts_.emplace_back(text);
      }
    }
    for (const auto& [name, value] : extra) texts_.push_back(name + "=" + value);
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

// One of the child's output streams: what is kept, and the line under way.
class Output {
 public:
  Output(Fd fd, int64_t max_bytes, const std::function<void(std::string_view)>& on_line)
      : fd_(std::move(fd)), max_bytes_(static_cast<size_t>(max_bytes)), on_line_(on_line) {
    SetNonBlocking(fd_.get());
  }
  int fd() const { return fd_.get(); }
  bool open() const { return fd_.open(); }
  bool truncated() const { return truncated_; }
  std::string Take() { return std::move(kept_); }

  // Reads what is there; closes at the end.
  void Drain() {
    std::array<char, 16384> buffer;
    while (fd_.open()) {
      const ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return Close();
      Accept({buffer.data(), static_cast<size_t>(got)});
    }
  }
  void Close() {
    fd_.Close();
    FlushLine();
  }

 private:
  void Accept(std::string_view piece) {
    const size_t room = max_bytes_ - std::min(max_bytes_, kept_.size());
    kept_.append(piece.substr(0, room));
    truncated_ |= piece.size() > room;
    if (!on_line_) return;
    for (const char c : piece) {
      if (c == '\n' || c == '\r') {
        FlushLine();
      } else {
        line_ += c;
        if (line_.size() >= kMaxLineBytes) FlushLine();
      }
    }
  }
  void FlushLine() {
    if (!line_.empty() && on_line_) on_line_(line_);
    line_.clear();
  }

  Fd fd_;
  const size_t max_bytes_;
  const std::function<void(std::string_view)>& on_line_;
  std::string kept_;
  std::string line_;
  bool truncated_ = false;
};

// Our ends of the child's streams.
struct Streams {
  Fd in, out, err;
};

// What the child does before it becomes the program, all of it prepared by us: it shares our memory until then, so it
// calls nothing but the system. posix_spawn cannot set limits, and limits set from outside after it come too late for
// what the child has started by then.
struct Launch {
  const char* program;
  char** args;
  char** environment;
  const char* folder;  // null: ours
  std::array<int, 3> streams;
  const ProcessSpec& spec;
  int* kept;  // room for as many as spec.keep_open

  // Returns only where it failed: at what, with errno.
  const char* Exec() const {
    setpgid(0, 0);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::signal(signal, SIG_DFL);
    for (int i = 0; i < 3; ++i) {
      if (dup2(streams[static_cast<size_t>(i)], i) < 0) return "dup2";
    }
    if (!KeepOpen()) return "dup2";
    if (!Join()) return "joining a control group";
    if (!Limit(RLIMIT_AS, spec.max_memory_bytes) || !Limit(RLIMIT_FSIZE, spec.max_file_bytes)) return "setrlimit";
    for (const auto& [resource, most] : spec.limits) {
      if (!Limit(static_cast<__rlimit_resource>(resource), most)) return "setrlimit";
    }
    if (!Become()) return "setuid";
    if (folder != nullptr && chdir(folder) != 0) return "chdir";
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(program, args, environment);
    return "spawn";
  }

 private:
  static bool Limit(__rlimit_resource resource, int64_t most) {
    const rlimit limit{static_cast<rlim_t>(most), static_cast<rlim_t>(most)};
    return most <= 0 || setrlimit(resource, &limit) == 0;
  }
  bool KeepOpen() const {
    const int first = 3, num = static_cast<int>(spec.keep_open.size());
    // Above all that they will be first, so that none takes another's place.
    for (int i = 0; i < num; ++i) {
      kept[i] = fcntl(spec.keep_open[static_cast<size_t>(i)], F_DUPFD, first + num);
      if (kept[i] < 0) return false;
    }
    for (int i = 0; i < num; ++i) {
      if (dup2(kept[i], first + i) < 0) return false;
    }
    closefrom(first + num);
    return true;
  }
  bool Join() const {
    for (const std::string& group : spec.join) {
      const int fd = open(group.c_str(), O_WRONLY | O_CLOEXEC);
      if (fd < 0 || write(fd, "0", 1) != 1) return false;
      close(fd);
    }
    return true;
  }
  // By the system's own calls: the library's change every thread of the process whose memory this is.
  bool Become() const {
    if (!spec.user) return true;
    const uint32_t uid = spec.user->uid, gid = spec.user->gid;
    return syscall(SYS_setgroups, 0, nullptr) == 0 && syscall(SYS_setresgid, gid, gid, gid) == 0 &&
           syscall(SYS_setresuid, uid, uid, uid) == 0;
  }
};

// vfork, because a server's page tables are not worth copying for an exec. No handler of ours may run in the child
// while it shares our memory, so signals wait.
Result<pid_t> Start(const Launch& launch) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Volatile: the child writes them, in memory that the compiler believes untouched.
  const char* volatile failed = nullptr;
  volatile int code = 0;
  const pid_t pid = vfork();
  if (pid == 0) {
    failed = launch.Exec();
    code = errno;
    _exit(127);
  }
  if (pid < 0) {
    failed = "vfork";
    code = errno;
  } else if (code != 0) {
    waitpid(pid, nullptr, 0);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (code != 0) return SystemError(launch.program, failed, code);
  return pid;
}

Result<pid_t> Spawn(const ProcessSpec& spec, const std::string& program, Streams& ours) {
  std::array<int, 2> in, out, err;
  // A socket for stdin, because writing to it can be told not to raise SIGPIPE.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.data()) != 0)
    return SystemError(program, "socketpair", errno);
  ours.in = Fd(in[0]);
  const Fd child_in(in[1]);
  if (pipe2(out.data(), O_CLOEXEC) != 0) return SystemError(program, "pipe", errno);
  ours.out = Fd(out[0]);
  const Fd child_out(out[1]);
  if (pipe2(err.data(), O_CLOEXEC) != 0) return SystemError(program, "pipe", errno);
  ours.err = Fd(err[0]);
  const Fd child_err(err[1]);

  std::vector<std::string> args = spec.args;
  std::vector<char*> pointers;
  for (auto& arg : args) pointers.push_back(arg.data());
  pointers.push_back(nullptr);
  Environment environment(spec.extra_env, spec.only_extra_env);
  std::vector<int> kept(spec.keep_open.size());
  return Start({.program = program.c_str(),
                .args = pointers.data(),
                .environment = environment.get(),
                .folder = spec.folder.empty() ? nullptr : spec.folder.c_str(),
                .streams = {child_in.get(), child_out.get(), child_err.get()},
                .spec = spec,
                .kept = kept.data()});
}

// A child from its start to its reaping.
class Child {
 public:
  Child(const ProcessSpec& spec, pid_t pid, Streams streams)
      : spec_(spec),
        pid_(pid),
        pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
        stop_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        in_(std::move(streams.in)),
        out_(std::move(streams.out), spec.max_output_bytes, spec.on_line),
        err_(std::move(streams.err), spec.max_output_bytes, spec.on_line) {
    if (spec.timeout.count() > 0) deadline_ = SteadyClock::now() + spec.timeout;
  }

  Result<ProcessOutput> Wait() {
    const std::stop_callback wake(spec_.stop, [this] {
      const uint64_t one = 1;
      // Full means that it is awake already.
      [[maybe_unused]] const ssize_t written = write(stop_event_.get(), &one, sizeof one);
    });
    while (!Exited()) {
      Feed();
      Poll();
      out_.Drain();
      err_.Drain();
      CheckLimits();
    }
    // What the child left in the pipes is there already; what others of its group still write is not waited for.
    kill(-pid_, SIGKILL);
    out_.Drain();
    err_.Drain();
    out_.Close();
    err_.Close();
    if (reason_) return *std::move(reason_);
    return Describe();
  }

 private:
  bool Exited() { return waitpid(pid_, &status_, WNOHANG) != 0; }

  void Feed() {
    while (in_.open() && fed_ < spec_.input.size()) {
      const ssize_t sent =
          send(in_.get(), spec_.input.data() + fed_, spec_.input.size() - fed_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0 && errno != EINTR) return in_.Close();
      if (sent > 0) fed_ += static_cast<size_t>(sent);
    }
    in_.Close();
  }

  void Poll() {
    std::array<pollfd, 5> fds{{{in_.get(), POLLOUT, 0},
                               {out_.fd(), POLLIN, 0},
                               {err_.fd(), POLLIN, 0},
                               {pidfd_.get(), POLLIN, 0},
                               {reason_ ? -1 : stop_event_.get(), POLLIN, 0}}};
    // Without a pidfd (an old kernel) the exit is seen by looking often.
    int timeout_ms = pidfd_.open() ? -1 : 20;
    if (const auto next = NextDeadline()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - SteadyClock::now()).count();
      const int left_ms = static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
      timeout_ms = timeout_ms < 0 ? left_ms : std::min(timeout_ms, left_ms);
    }
    poll(fds.data(), fds.size(), timeout_ms);
  }

  std::optional<SteadyClock::time_point> NextDeadline() const { return reason_ ? kill_at_ : deadline_; }

  // Decides to end the child, first politely.
  void CheckLimits() {
    const auto now = SteadyClock::now();
    if (!reason_) {
      if (spec_.stop.stop_requested()) {
        reason_ = Error::Cancelled(spec_.args[0], "stopped on request");
      } else if (deadline_ && now >= *deadline_) {
        reason_ = Error::Timeout(spec_.args[0], "still runs after " + std::to_string(spec_.timeout.count()) + " ms");
      }
      if (reason_) {
        kill(-pid_, SIGTERM);
        kill_at_ = now + spec_.kill_grace;
      }
    } else if (kill_at_ && now >= *kill_at_) {
      kill(-pid_, SIGKILL);
      kill_at_.reset();
    }
  }

  ProcessOutput Describe() {
    ProcessOutput output;
    output.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
    output.signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
    output.out = out_.Take();
    output.err = err_.Take();
    output.truncated = out_.truncated() || err_.truncated();
    return output;
  }

  const ProcessSpec& spec_;
  const pid_t pid_;
  const Fd pidfd_;
  const Fd stop_event_;
  Fd in_;
  Output out_;
  Output err_;
  size_t fed_ = 0;
  int status_ = 0;
  std::optional<SteadyClock::time_point> deadline_;
  std::optional<SteadyClock::time_point> kill_at_;
  std::optional<Error> reason_;  // why it is being ended
};

}  // namespace

std::string ProcessOutput::HowItEnded() const {
  return signal != 0 ? "was ended by signal " + std::to_string(signal) : "exited with " + std::to_string(exit_code);
}

std::optional<std::string> FindProgram(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!folders.empty()) {
    const size_t colon = std::min(folders.find(':'), folders.size());
    std::string candidate(folders.substr(0, colon));
    if (!candidate.empty()) candidate += '/';
    candidate += name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    folders.remove_prefix(std::min(colon + 1, folders.size()));
  }
  return std::nullopt;
}

Result<ProcessOutput> RunProcess(const ProcessSpec& spec) {
  CHECK(!spec.args.empty() && spec.max_output_bytes >= 0);
  std::string program = spec.args[0];
  if (program.find('/') == std::string::npos) {
    const auto found = FindProgram(program);
    if (!found) return Error::NotFound(program, "there is no such program in PATH");
    program = *found;
  }
  Streams streams;
  TRY(const pid_t pid, Spawn(spec, program, streams));
  return Child(spec, pid, std::move(streams)).Wait();
}

}  // namespace atelier
