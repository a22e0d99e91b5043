// Hostile programs in the sandbox. As root every test runs a second time as nobody, in a process of its own
// (AlsoAsAnOrdinaryUser), because root's limits and an ordinary user's are held by different means.
#include "base/process/sandbox.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/io/files.h"
#include "base/process/sandbox_group.h"

namespace atelier {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr double kLong = 300;  // seconds; what is to end sooner ends for another reason

SandboxSpec Shell(std::string script) {
  SandboxSpec spec{.args = {"sh", "-c", std::move(script)}};
  spec.limits.wall_seconds = spec.limits.cpu_seconds = kLong;
  return spec;
}
SandboxSpec Python(std::string script) {
  SandboxSpec spec = Shell("");
  spec.args = {"python3", "-c", std::move(script)};
  return spec;
}

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const SandboxReport& report = ProbeSandbox();
    if (!report.unavailable.empty()) GTEST_SKIP() << "no sandbox on this machine: " << report.unavailable;
    ASSERT_TRUE(report.usable()) << report.Problem();
    folder_ = std::filesystem::temp_directory_path().native() + "/sandbox_test_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    ASSERT_EQ(chmod(folder_.c_str(), 0711), 0);
  }
  void TearDown() override {
    if (!folder_.empty()) static_cast<void>(RemoveTree(Files::Real(), folder_));
  }
  // A scratch folder that stays.
  std::string Scratch() {
    const std::string scratch = folder_ + "/scratch";
    EXPECT_TRUE(PrepareScratch(scratch).ok());
    return scratch;
  }
  std::string Out(const SandboxSpec& spec) {
    const auto output = RunInSandbox(spec);
    return output.ok() ? output->out + output->err : output.error().Message();
  }

  std::string folder_;
};

TEST_F(Sandbox, RunsAProgramWithItsInputAndSaysHowItEnded) {
  SandboxSpec spec = Shell("cat; echo $COLOUR; pwd; exit 3");
  spec.input = std::string(200'000, 'x');
  spec.environment = {{"COLOUR", "blue"}};
  const auto output = RunInSandbox(spec).value();
  EXPECT_EQ(output.out, spec.input + "blue\n/scratch\n");
  EXPECT_EQ(output.exit_code, 3);
  EXPECT_EQ(RunInSandbox(Shell("kill -SEGV $$")).value().signal, 11);
  EXPECT_EQ(RunInSandbox({.args = {"/no/such"}}).value().exit_code, 127);
  EXPECT_THAT(Out(Python("import json, ssl, ctypes, threading; print(json.dumps([1]))")), "[1]\n");
}

TEST_F(Sandbox, TheEnvironmentIsClosed) {
  setenv("ATELIER_TEST_SECRET", "sesame", 1);
  EXPECT_THAT(Out(Shell("env; cat /proc/*/environ /proc/*/cmdline")), Not(HasSubstr("sesame")));
}

TEST_F(Sandbox, WrongSpecsAreErrors) {
  const auto where = [](SandboxSpec spec) { return RunInSandbox(spec).error().where; };
  EXPECT_EQ(where({}), "args");
  EXPECT_EQ(where({.args = {std::string("a\0b", 3)}}), "args");
  EXPECT_EQ(where({.args = {"true"}, .environment = {{"A=B", ""}}}), "environment");
  EXPECT_EQ(where({.args = {"true"}, .scratch = "/no/such"}), "scratch");
  EXPECT_EQ(where({.args = {"true"}, .scratch = "relative"}), "scratch");
  EXPECT_EQ(where({.args = {"true"}, .readable = {"/"}}), "readable");
  EXPECT_EQ(where({.args = {"true"}, .limits = {.processes = 0}}), "limits");
}

TEST_F(Sandbox, AForkBombEnds) {
  SandboxSpec spec = Shell("bomb() { bomb | bomb & }; bomb; sleep 1000");
  spec.limits.wall_seconds = 2;
  const auto bombed = RunInSandbox(spec);  // the shell may give up before the wall
  EXPECT_TRUE(bombed.ok() || bombed.error().code == "wall") << bombed.error().Message();
  spec = Python(
      "import os, time\nn = 0\nwhile True:\n  try:\n    if os.fork() == 0: time.sleep(1000)\n"
      "  except OSError: break\n  n += 1\nprint(n)");
  spec.limits.processes = 20;
  EXPECT_EQ(Out(spec), "19\n");
  spec = Python(
      "import threading, time\nn = 0\ntry:\n  while True:\n    threading.Thread(target=time.sleep, args=(1000,), "
      "daemon=True).start(); n += 1\nexcept RuntimeError: print(n < 30, flush=True)");
  spec.limits.processes = 20;
  EXPECT_THAT(Out(spec), HasSubstr("True"));
}

TEST_F(Sandbox, OutputWithoutEndIsCutAndEnds) {
  SandboxSpec spec = Shell("yes & yes >&2");
  spec.limits.cpu_seconds = 0.3;
  spec.limits.output_bytes = 1000;
  EXPECT_EQ(RunInSandbox(spec).error().code, "cpu");
  spec = Shell("head -c 3000000 /dev/zero");
  spec.limits.output_bytes = 1000;
  const auto output = RunInSandbox(spec).value();
  EXPECT_EQ(output.out.size(), 1000u);
  EXPECT_TRUE(output.truncated);
}

TEST_F(Sandbox, MemoryIsBounded) {
  // One process, memory that is shared, and many processes.
  for (const char* script : {"x = bytearray(300_000_000)",
                             "import mmap\nm = mmap.mmap(-1, 300_000_000)\nfor i in range(0, len(m), 4096): m[i] = 1",
                             "import os, time\nfor i in range(10):\n  if os.fork() == 0:\n    x = b'x' * 40_000_000; "
                             "time.sleep(1000)\nos.wait()"}) {
    SandboxSpec spec = Python(std::string(script) + "\nimport time\ntime.sleep(1)\nprint('ESCAPED')");
    spec.limits.memory_bytes = 128 << 20;
    spec.limits.scratch_bytes = 1 << 20;
    EXPECT_THAT(Out(spec), Not(HasSubstr("ESCAPED"))) << script;
  }
}

TEST_F(Sandbox, ABusyLoopAndItsChildrenEnd) {
  SandboxSpec spec = Shell("while :; do :; done");
  spec.limits.cpu_seconds = 0.2;
  EXPECT_EQ(RunInSandbox(spec).error().code, "cpu");
  spec = Shell("while :; do (i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done); done");  // each computes little
  spec.limits.cpu_seconds = 0.2;
  EXPECT_EQ(RunInSandbox(spec).error().code, "cpu");
}

TEST_F(Sandbox, SleepingForeverEndsAtTheWallAndByStop) {
  SandboxSpec spec = Shell("trap '' TERM INT HUP; sleep 1000 & sleep 1000");
  spec.limits.wall_seconds = 0.2;
  EXPECT_EQ(RunInSandbox(spec).error().kind, ErrorKind::kTimeout);
  std::stop_source stop;
  spec.limits.wall_seconds = kLong;
  spec.stop = stop.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  EXPECT_EQ(RunInSandbox(spec).error().kind, ErrorKind::kCancelled);
  stopper.join();
}

// What it holds on to (here a pipe's end, seen from its scratch folder) is let go.
TEST_F(Sandbox, WhoDetachesItselfDoesNotOutliveIt) {
  const std::string detach =
      "import os, time, sys\n"
      "if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    os.chdir('/')\n"
      "    for fd in range(3): os.close(fd)\n"
      "    open('/scratch/alive', 'w').write('x')\n    i = 0\n"
      "    while True:\n      i += 1\n      open('/scratch/alive', 'w').write(str(i))\n      time.sleep(0.01)\n"
      "while not os.path.exists('/scratch/alive'): time.sleep(0.01)\n";
  for (const bool by_wall : {false, true}) {
    SandboxSpec spec = Python(detach + (by_wall ? "time.sleep(1000)" : "print('done')"));
    if (by_wall) spec.limits.wall_seconds = 2;
    spec.scratch = Scratch();
    const auto output = RunInSandbox(spec);
    EXPECT_EQ(output.ok(), !by_wall);
    // Everything has ended when RunInSandbox returns, so nothing changes any more.
    const std::string alive = spec.scratch + "/alive";
    std::filesystem::remove(alive);
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_FALSE(std::filesystem::exists(alive));
  }
}

TEST_F(Sandbox, ClosingItsStreamsAndStayingDoesNotHelp) {
  SandboxSpec spec = Shell("exec <&- >&- 2>&-; sleep 1000");
  spec.limits.wall_seconds = 0.3;
  EXPECT_EQ(RunInSandbox(spec).error().code, "wall");
}

TEST_F(Sandbox, OnlyScratchAndTmpCanBeWritten) {
  const std::string script =
      "import os\nfor root in ['/', '/usr', '/etc', '/dev', '/proc', '/lib', '/bin', '/proc/self', "
      "'/proc/sys/kernel']:\n"
      "  try:\n    open(root + '/atelier', 'w'); print('ESCAPED', root)\n  except OSError: pass\n"
      "for path in ['/usr/bin/env', '/etc/passwd', '/proc/sysrq-trigger', '/proc/self/oom_score_adj']:\n"
      "  try:\n    open(path, 'rb+', 0).write(b'-1000'); print('ESCAPED', path)\n  except OSError: pass\n"
      "for path in ['/scratch/a', '/tmp/a', '/dev/shm/a']: open(path, 'w').write('x')\nprint('end')";
  EXPECT_EQ(Out(Python(script)), "end\n");
}

TEST_F(Sandbox, ItsScratchFolderStaysAndIsItsAlone) {
  SandboxSpec spec = Shell("echo one > file; mkdir -p a/b; echo two > a/b/c");
  spec.scratch = Scratch();
  EXPECT_EQ(Out(spec), "");
  spec.args.back() = "cat file a/b/c";
  EXPECT_EQ(Out(spec), "one\ntwo\n");
  struct stat info;
  ASSERT_EQ(stat(spec.scratch.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  // A passing one is empty.
  spec.scratch.clear();
  spec.args.back() = "ls";
  EXPECT_EQ(Out(spec), "");
}

TEST_F(Sandbox, FillingTheScratchEnds) {
  for (const bool stays : {false, true}) {
    SandboxSpec spec = Python(
        "import time\nfor i in range(50):\n  open(f'/scratch/{i}', 'wb').write(b'x' * 100_000)\n  time.sleep(0.05)\n"
        "print('ESCAPED')");
    spec.limits.scratch_bytes = 1'000'000;
    if (stays) spec.scratch = Scratch();
    EXPECT_THAT(Out(spec), Not(HasSubstr("ESCAPED"))) << stays;
    spec = Python(
        "import os, time\nfor i in range(60):\n  for j in range(50): open(f'/scratch/{i}_{j}', 'w')\n  "
        "time.sleep(0.05)\n"
        "print('ESCAPED')");
    spec.limits.scratch_files = 1000;
    if (stays) spec.scratch = Scratch();
    EXPECT_THAT(Out(spec), AllOf(HasSubstr("sandbox: scratch: "), HasSubstr("want at most 1000"))) << stays;
  }
  SandboxSpec spec = Shell("head -c 3000000 /dev/zero > f; wc -c < f");
  spec.limits.file_bytes = 100'000;
  EXPECT_THAT(Out(spec), HasSubstr("100000\n"));
}

TEST_F(Sandbox, LinksOutOfTheScratchLeadNowhere) {
  const std::string secret = folder_ + "/secret";
  std::ofstream(secret) << "sesame";
  SandboxSpec spec = Shell("ln -s " + secret + " link; ln -s / root; cat link root/" + secret + " 2>&1; true");
  spec.scratch = Scratch();
  EXPECT_THAT(Out(spec), Not(HasSubstr("sesame")));
  // And whoever cleans up does not follow them.
  ASSERT_TRUE(RemoveTree(Files::Real(), spec.scratch).ok());
  EXPECT_TRUE(std::filesystem::exists(secret));
}

TEST_F(Sandbox, NothingOfOursCanBeRead) {
  const std::string home = folder_ + "/home";
  ASSERT_EQ(mkdir(home.c_str(), 0755), 0);
  std::ofstream(home + "/keys") << "sesame";
  SandboxSpec spec = Shell("cat " + home +
                           "/keys; ls /root /home /var /run /sys /etc/shadow 2>/dev/null; ls /proc | grep -c '^[0-9]'");
  EXPECT_THAT(Out(spec), AllOf(Not(HasSubstr("sesame")), testing::ContainsRegex("^[34]\n")));
  spec = Shell("cat keys; cd " + home + " && cat keys && echo x > keys; true");
  spec.readable = {home};
  EXPECT_THAT(Out(spec), AllOf(HasSubstr("sesame"), HasSubstr("Read-only file system")));
}

TEST_F(Sandbox, TheNetworkIsNotThereUnlessGranted) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  SandboxSpec spec = Python("import socket\ntry:\n  socket.create_connection(('127.0.0.1', " +
                            std::to_string(ntohs(address.sin_port)) +
                            "), 60); print('connected')\nexcept OSError as error: print(error)");
  EXPECT_THAT(Out(spec), Not(HasSubstr("connected")));
  spec.network = true;
  EXPECT_EQ(Out(spec), "connected\n");
  close(listener);
  spec = Python(
      "import socket\nfor family in (40, 17, 16):\n  try: socket.socket(family, socket.SOCK_DGRAM); print(family)\n"
      "  except OSError as error: pass");
  EXPECT_EQ(Out(spec), "16\n");  // netlink alone, which the C library asks for addresses
}

// With the machine's network its services' sockets without a file would be in reach, and only landlock bars them.
TEST_F(Sandbox, AbstractSocketsOfOthersAreOutOfReachWithTheNetworkToo) {
  if (ProbeSandbox().landlock < 6) GTEST_SKIP() << "landlock of version 6 is wanted";
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "atelier_sandbox_test_" + std::to_string(getpid());
  name.copy(address.sun_path + 1, name.size());  // after a NUL
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  SandboxSpec spec = Python("import socket\ns = socket.socket(socket.AF_UNIX)\ntry:\n  s.connect('\\0" + name +
                            "'); print('connected')\nexcept OSError as error: print(error.strerror)\n"
                            "own = socket.socket(socket.AF_UNIX); own.bind('\\0own'); own.listen()\n"
                            "socket.socket(socket.AF_UNIX).connect('\\0own'); print('own')");
  spec.network = true;
  EXPECT_EQ(Out(spec), "Operation not permitted\nown\n");
  close(listener);
}

TEST_F(Sandbox, LandlockHoldsTheViewOnceMore) {
  if (ProbeSandbox().landlock == 0) GTEST_SKIP() << "the kernel has no landlock";
  // Mounts leave a process's own files of /proc writable.
  const std::string script =
      "for path in ['comm', 'coredump_filter', 'timerslack_ns', 'clear_refs', 'mem']:\n"
      "  try:\n    open('/proc/self/' + path, 'r+'); print('ESCAPED', path)\n"
      "  except OSError as error: pass\n";
  EXPECT_EQ(Out(Python(script)), "");
  // What programs do all day still works, in and between the folders that are theirs.
  EXPECT_EQ(Out(Shell("set -e; mkdir a b; echo one > a/f; mv a/f b/g; ln b/g a/h; ln -s ../b/g a/s; mkfifo p; cat a/s; "
                      "cp /bin/true t; ./t; echo two > /tmp/x; : > /tmp/x; rm -r a b; echo x > /dev/null; "
                      "ls -d /dev/shm; test -r /dev/urandom; echo end")),
            "one\n/dev/shm\nend\n");
  EXPECT_EQ(Out(Python("import os, pty\nmaster, slave = pty.openpty(); print(os.isatty(slave), os.isatty(0))\n"
                       "import socket\ns = socket.create_server(('127.0.0.1', 0))\n"
                       "socket.create_connection(s.getsockname()); print('loopback of its own')")),
            "True False\nloopback of its own\n");
}

TEST_F(Sandbox, SystemCallsThatReachFurtherAreRefused) {
  EXPECT_EQ(Out(Python(R"(
import ctypes, errno, os, platform
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == 'x86_64'
calls = {'ptrace': (101, 117), 'mount': (165, 40), 'unshare': (272, 97), 'keyctl': (250, 219), 'add_key': (248, 217),
         'bpf': (321, 280), 'perf_event_open': (298, 241), 'io_uring_setup': (425, 425), 'memfd_create': (319, 279),
         'process_vm_readv': (310, 270), 'setns': (308, 268), 'reboot': (169, 142), 'shmget': (29, 194),
         'userfaultfd': (323, 282), 'open_by_handle_at': (304, 265), 'chroot': (161, 51), 'fsopen': (430, 430)}
for name, numbers in calls.items():
  ctypes.set_errno(0)
  got = libc.syscall(numbers[0 if x86 else 1], 0, 0, 0, 0, 0)
  if got != -1 or ctypes.get_errno() != errno.EPERM: print('ESCAPED', name, got, ctypes.get_errno())
got = libc.syscall(435, 0, 0)
if ctypes.get_errno() != errno.ENOSYS: print('ESCAPED clone3')
if x86:
  pid = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)   # clone with CLONE_NEWUSER
  if pid == 0: os._exit(0)
  if pid > 0: print('ESCAPED clone')
if os.setpriority(os.PRIO_PROCESS, 0, 5) is not None: print('odd')
try:
  os.setuid(0); print('ESCAPED setuid')
except OSError: pass
print('end')
)")),
            "end\n");
}

TEST_F(Sandbox, OpeningThousandsOfFilesEnds) {
  SandboxSpec spec = Python(
      "files = []\ntry:\n  while True: files.append(open('/dev/null'))\nexcept OSError: print(len(files) < 100)");
  spec.limits.open_files = 100;
  EXPECT_EQ(Out(spec), "True\n");
}

// Six sleepers, a shell and what carries the sandbox are some nine processes: within a limit of 16 for one, far above
// it for four together. Once the sleepers have ended one sees itself alone, not the others' sleepers.
TEST_F(Sandbox, TwoDoNotSeeEachOtherAndHaveTheirOwnLimits) {
  constexpr int kSandboxes = 4;
  std::vector<std::string> seen(kSandboxes);
  std::vector<std::thread> threads;
  for (std::string& out : seen) {
    threads.emplace_back([this, &out] {
      SandboxSpec spec = Shell("for i in 1 2 3 4 5 6; do sleep 0.5 & done; wait; ls /proc | grep -c '^[0-9]'");
      spec.limits.processes = 16;
      out = Out(spec);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const std::string& out : seen) {
    const int num_processes = std::atoi(out.c_str());
    EXPECT_GE(num_processes, 2) << out;
    EXPECT_LE(num_processes, 6) << out;
  }
}

TEST_F(Sandbox, ItsControlGroupGoesWithIt) {
  if (!ProbeSandbox().has_groups) GTEST_SKIP() << "control groups cannot be made here";
  std::string folder;
  {
    const auto group = SandboxGroup::Make({.processes = 10, .memory_bytes = 64 << 20});
    ASSERT_TRUE(group.ok()) << group.error().Message();
    folder = FolderOf(group->joins()[0]);
    EXPECT_TRUE(std::filesystem::exists(folder));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Sandbox, ProcessorsAtATimeAreBoundedByAControlGroup) {
  SandboxSpec spec = Shell(
      "for i in 1 2; do (end=$(( $(date +%s%N) + 1000000000 )); while [ $(date +%s%N) -lt $end ]; do :; done) & done; "
      "wait; "
      "times");
  spec.limits.processors = 0.25;
  const auto output = RunInSandbox(spec);
  if (!output.ok()) {
    ASSERT_THAT(output.error().Message(), HasSubstr("limits.processors"));
    GTEST_SKIP() << output.error().Message();
  }
  // User and system time of two busy loops of a second: 2 s on two processors, at most 0.25 of one here, and a period.
  double user = 0, system = 0;
  const std::string of_children = output->out.substr(output->out.find('\n') + 1);
  ASSERT_EQ(std::sscanf(of_children.c_str(), "0m%lfs 0m%lfs", &user, &system), 2) << output->out;
  EXPECT_LT(user + system, 1.0) << output->out;
}

TEST(SandboxReportTest, NamesTheLimitThatIsNotInForce) {
  SandboxReport report;
  report.findings = {{"memory", ""}, {"network", "a program went beyond it"}};
  EXPECT_FALSE(report.usable());
  EXPECT_EQ(report.Problem(), "the limit 'network' is not in force: a program went beyond it");
  report.findings.pop_back();
  EXPECT_TRUE(report.usable());
  report.unavailable = "there is no program bwrap in PATH: install the package bubblewrap";
  EXPECT_FALSE(report.usable());
}

TEST(SandboxAsNobody, EveryTestHoldsForAnOrdinaryUserToo) {
  if (geteuid() != 0) GTEST_SKIP() << "this is an ordinary user already";
  const std::string folder = std::filesystem::temp_directory_path().native() + "/sandbox_test_nobody";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  ASSERT_EQ(chown(folder.c_str(), 65'534, 65'534), 0);
  // Where this program stands may be closed to others.
  std::filesystem::copy_file("/proc/self/exe", folder + "/test");
  ASSERT_EQ(chmod((folder + "/test").c_str(), 0755), 0);
  ProcessSpec spec{.args = {folder + "/test", "--gtest_filter=Sandbox.*"}};
  spec.user = ProcessUser{65'534, 65'534};
  spec.folder = folder;
  spec.extra_env = {{"TMPDIR", folder}, {"TEST_TMPDIR", folder}, {"HOME", folder}, {"GTEST_OUTPUT", ""}};
  spec.max_output_bytes = 1 << 20;
  const auto output = RunProcess(spec).value();
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(output.succeeded()) << output.HowItEnded() << "\n" << output.out << output.err;
  EXPECT_THAT(output.out, HasSubstr("[  PASSED  ]"));
  if (output.out.find("[  SKIPPED ]") != std::string::npos) std::puts(output.out.c_str());
}

}  // namespace
}  // namespace atelier
