#include "base/process/live_child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "base/process/process.h"

namespace atelier {
namespace {

Error Failed(const std::string& where, std::string_view call, int code) {
  const auto kind = code == ENOENT   ? ErrorKind::kNotFound
                    : code == EACCES ? ErrorKind::kDenied
                                     : ErrorKind::kUnavailable;
  return Error::Of(kind, where, std::string(call) + ": " + std::generic_category().message(code));
}

void CloseAll(std::initializer_list<int> fds) {
  for (const int fd : fds) {
    if (fd >= 0) close(fd);
  }
}

struct Ends {
  int ours = -1, childs = -1;
};

// Sockets for what we write, so that a child that is gone is an error and no signal; else pipes.
bool OpenStreams(Ends& in, Ends& out, Ends& err) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
  in = {pair[0], pair[1]};
  if (pipe2(pair.data(), O_CLOEXEC) != 0) return false;
  out = {pair[0], pair[1]};
  if (pipe2(pair.data(), O_CLOEXEC) != 0) return false;
  err = {pair[0], pair[1]};
  return true;
}

// Pointers into `texts`, as exec wants them.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int Spawn(pid_t& pid, const std::string& program, const LiveChildSpec& spec, std::array<int, 3> streams) {
  std::vector<std::string> args = spec.args, variables;
  for (const auto& [name, value] : spec.environment) variables.push_back(name + "=" + value);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&actions, streams[static_cast<size_t>(i)], i);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (!spec.folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, spec.folder.c_str());
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  const int failed =
      posix_spawn(&pid, program.c_str(), &actions, &attributes, Pointers(args).data(), Pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> LiveChild::PlainEnvironment() {
  std::vector<std::pair<std::string, std::string>> plain;
  for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TZ", "TMPDIR"}) {
    if (const char* value = std::getenv(name)) plain.emplace_back(name, value);
  }
  return plain;
}

Result<std::unique_ptr<LiveChild>> LiveChild::Start(Loop& loop, LiveChildSpec spec, LinePipe::OnLine on_line,
                                                    LinePipe::OnEnd on_end) {
  CHECK(!spec.args.empty());
  std::string program = spec.args[0];
  if (!program.contains('/')) {
    const auto found = FindProgram(program);
    if (!found) return Error::NotFound(program, "there is no such program in PATH");
    program = *found;
  }
  Ends in, out, err;
  if (!OpenStreams(in, out, err)) {
    const Error error = Failed(program, "pipe", errno);
    CloseAll({in.ours, in.childs, out.ours, out.childs, err.ours, err.childs});
    return error;
  }
  pid_t pid = -1;
  const int failed = Spawn(pid, program, spec, {in.childs, out.childs, err.childs});
  CloseAll({in.childs, out.childs, err.childs});
  if (failed != 0) {
    CloseAll({in.ours, out.ours, err.ours});
    return Failed(program, "spawn", failed);
  }
  std::unique_ptr<LiveChild> child(new LiveChild());
  child->pid_ = pid;
  child->in_ = in.ours;
  child->out_ = out.ours;
  child->err_ = err.ours;
  child->grace_ = spec.grace;
  LinePipe::Options options;
  options.in = out.ours;
  options.out = in.ours;
  options.side = err.ours;
  options.max_line_bytes = spec.max_line_bytes;
  child->pipe_ = std::make_unique<LinePipe>(loop, options, std::move(on_line), std::move(on_end));
  return child;
}

bool LiveChild::Ended(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (true) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

LiveChild::~LiveChild() {
  pipe_.reset();
  CloseAll({in_});
  if (!Ended(grace_)) {
    kill(-pid_, SIGTERM);
    if (!Ended(grace_)) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      CloseAll({out_, err_});
      return;
    }
  }
  kill(-pid_, SIGKILL);  // what it left behind of its group
  CloseAll({out_, err_});
}

}  // namespace atelier
