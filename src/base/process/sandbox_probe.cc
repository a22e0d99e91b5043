// Tries each limit of the sandbox for real, with limits so small that it takes a moment.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <utility>

#include "base/io/files.h"
#include "base/process/sandbox.h"
#include "base/process/sandbox_group.h"
#include "base/process/sandbox_run.h"

namespace atelier {
namespace {

// What a script says that was let through.
constexpr std::string_view kEscaped = "ESCAPED";

SandboxSpec Script(std::string script) {
  SandboxSpec spec{.args = {"/bin/sh", "-c", std::move(script)}};
  spec.limits = {.wall_seconds = 120,  // a slow machine must not pass for a limit
                 .cpu_seconds = 60,
                 .memory_bytes = 64 << 20,
                 .processes = 16,
                 .open_files = 64,
                 .file_bytes = 1 << 20,
                 .scratch_bytes = 2 << 20,
                 .scratch_files = 100,
                 .output_bytes = 4096};
  return spec;
}

std::string Said(const ProcessOutput& output) {
  std::string said = output.out + output.err;
  while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
  return said.substr(0, 300);
}

// The script must not come so far as to say kEscaped, by whatever stops it.
std::string TryScript(const SandboxSpec& spec) {
  const auto output = RunUnprobed(spec);
  if (!output.ok()) return output.error().kind == ErrorKind::kExhausted ? "" : output.error().Message();
  if (output->out.find(kEscaped) == std::string::npos) return "";
  return "a program went beyond it (" + Said(*output) + ")";
}
std::string TryScript(std::string script) { return TryScript(Script(std::move(script))); }

// The sandbox must end the script itself, for this reason.
std::string TryEnded(const SandboxSpec& spec, std::string_view code) {
  const auto output = RunUnprobed(spec);
  if (output.ok()) return "a program went beyond it (" + output->HowItEnded() + ")";
  return output.error().code == code ? "" : output.error().Message();
}

std::string TryProcesses() {
  return TryScript("i=0; while [ $i -lt 24 ]; do sleep 60 & i=$((i+1)); done; echo ESCAPED");
}

std::string TryMemory() {
  // One that takes much, and many that take little each.
  const std::string one =
      TryScript("test $(head -c 100000000 /dev/zero | tail -c 100000000 | wc -c) = 100000000 && echo ESCAPED");
  if (!one.empty()) return one;
  const std::string hog = "(head -c 28000000 /dev/zero; sleep 2) | tail -c 28000000 > /dev/null &";
  return TryScript(hog + hog + hog + hog + " wait $! && sleep 0.2 && wait && echo ESCAPED");
}

std::string TryTime() {
  SandboxSpec spec = Script("sleep 60");
  spec.limits.wall_seconds = 0.2;
  return TryEnded(spec, "wall");
}

std::string TryCpu() {
  SandboxSpec spec = Script("(while :; do :; done) & (while :; do :; done) & wait");
  spec.limits.cpu_seconds = 0.1;
  return TryEnded(spec, "cpu");
}

std::string TryFileSize() {
  return TryScript("head -c 1500000 /dev/zero > f; test $(wc -c < f) -gt 1048576 && echo ESCAPED");
}

std::string TryOpenFiles() { return TryScript("test $(ulimit -n) -gt 64 && echo ESCAPED"); }

// `attempt` with a scratch folder of ours.
std::string WithScratch(const std::function<std::string(SandboxSpec)>& attempt) {
  std::string folder = std::filesystem::temp_directory_path().native() + "/atelier-probe-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return "no folder for trying it could be made: " + folder;
  SandboxSpec spec = Script("");
  spec.scratch = folder + "/scratch";
  std::string problem = "a folder could not be opened to others: " + folder;
  if (chmod(folder.c_str(), 0711) == 0) {
    const auto prepared = PrepareScratch(spec.scratch);
    problem = prepared.ok() ? attempt(spec) : prepared.error().Message();
  }
  static_cast<void>(RemoveTree(Files::Real(), folder));
  return problem;
}

std::string TryScratch() {
  const std::string fill = "for i in 1 2 3 4 5; do head -c 900000 /dev/zero > $i || exit; done; sleep 1; echo ESCAPED";
  for (const std::string folder : {"cd /tmp; ", "cd /dev/shm; ", ""}) {
    if (std::string problem = TryScript(folder + fill); !problem.empty()) return problem;
  }
  return WithScratch([&](SandboxSpec spec) {
    spec.args.back() = fill;
    return TryScript(spec);
  });
}

std::string TryWriting() {
  std::string script =
      "for p in / /usr/ /usr/bin/ /etc/ /dev/ /proc/ /proc/sys/kernel/; do echo x 2>/dev/null > ${p}atelier_probe && "
      "echo ESCAPED $p; done; true";
  return TryScript("exec 2>/dev/null; " + script);
}

std::string TryReading() {
  std::string script = "exec 2>/dev/null; for p in /root /home /var /run /sys /srv /mnt /boot /proc/1/root/root";
  if (const char* home = std::getenv("HOME"); home != nullptr && std::string_view(home).starts_with("/home")) {
    script += " '" + std::string(home) + "'";
  }
  script += "; do ls $p && echo ESCAPED $p; done; cat /etc/shadow && echo ESCAPED; kill -0 " +
            std::to_string(getpid()) + " && echo ESCAPED; true";
  return TryScript(script);
}

// A listener on our loopback is not to be reached.
std::string TryNetwork() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    if (listener >= 0) close(listener);
    return "no socket for trying it could be made";
  }
  std::error_code none;
  const std::string ours = std::filesystem::read_symlink("/proc/self/ns/net", none).native();
  const std::string port = std::to_string(ntohs(address.sin_port));
  std::string problem =
      TryScript("test \"$(readlink /proc/self/ns/net)\" = '" + ours +
                "' && echo ESCAPED namespace; test -x /bin/bash && bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + port +
                "' 2>/dev/null && echo ESCAPED; true");
  close(listener);
  return problem;
}

std::string TryCalls() {
  return TryScript(
      "exec 2>/dev/null; unshare -U true && echo ESCAPED unshare; mount -t tmpfs none /tmp && echo ESCAPED mount; "
      "grep -q '^Seccomp:.2' /proc/self/status || echo ESCAPED filter; grep -q '^NoNewPrivs:.1' /proc/self/status || "
      "echo ESCAPED privileges; grep -q '^CapEff:.0000000000000000' /proc/self/status || echo ESCAPED capabilities; "
      "true");
}

// What mounts allow and landlock does not.
std::string TryLandlock() {
  if (LandlockVersion() == 0) return "";
  return TryScript("exec 2>/dev/null; echo x > /proc/self/comm && echo ESCAPED; true");
}

// What it leaves in a scratch folder is not root's.
std::string TryIdentity() {
  return WithScratch([](SandboxSpec spec) -> std::string {
    spec.args.back() = "echo x > file";
    const auto output = RunUnprobed(spec);
    if (!output.ok()) return output.error().Message();
    struct stat info;
    if (lstat((spec.scratch + "/file").c_str(), &info) != 0) return "its scratch folder cannot be written to";
    return info.st_uid == 0 ? "it is root outside of its namespace" : "";
  });
}

SandboxReport Probe() {
  SandboxReport report;
  report.as_root = geteuid() == 0;
  report.unavailable = WhyNoSandbox();
  if (!report.unavailable.empty()) return report;
  const auto first = RunUnprobed(Script("echo here"));
  if (!first.ok()) report.unavailable = first.error().Message();
  if (first.ok() && first->out != "here\n") {
    report.unavailable =
        "bubblewrap cannot make one here (" + Said(*first) +
        "): user namespaces must be allowed to ordinary users (sysctl kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns, user.max_user_namespaces; in a container its seccomp profile)";
  }
  if (!report.unavailable.empty()) return report;
  const auto group = SandboxGroup::Make({.processes = 16, .memory_bytes = 64 << 20});
  report.has_groups = group.ok();
  if (!group.ok()) report.why_no_groups = group.error().what;
  report.landlock = LandlockVersion();
  const std::pair<const char*, std::string (*)()> tries[] = {{"processes", TryProcesses},
                                                             {"memory", TryMemory},
                                                             {"wall", TryTime},
                                                             {"cpu", TryCpu},
                                                             {"file size", TryFileSize},
                                                             {"open files", TryOpenFiles},
                                                             {"scratch", TryScratch},
                                                             {"writing outside", TryWriting},
                                                             {"reading outside", TryReading},
                                                             {"network", TryNetwork},
                                                             {"system calls", TryCalls},
                                                             {"landlock", TryLandlock},
                                                             {"identity", TryIdentity}};
  // All at once: they mostly wait.
  std::vector<std::future<std::string>> problems;
  for (const auto& [limit, attempt] : tries) problems.push_back(std::async(std::launch::async, attempt));
  for (size_t i = 0; i < problems.size(); ++i) report.findings.push_back({tries[i].first, problems[i].get()});
  return report;
}

}  // namespace

const SandboxReport& ProbeSandbox() {
  static const SandboxReport report = Probe();
  return report;
}

}  // namespace atelier
