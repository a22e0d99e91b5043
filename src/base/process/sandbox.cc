#include "base/process/sandbox.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/process/sandbox_run.h"

namespace atelier {

Fields SandboxLimits::Describe() {
  using L = SandboxLimits;
  constexpr double kMostBytes = 1e15;
  static constexpr Field fields[] = {
      Key<&L::wall_seconds>("wall_seconds", "from start to end").Between(0.001, 86'400),
      Key<&L::cpu_seconds>("cpu_seconds", "computed by all processes together").Between(0.001, 86'400),
      Key<&L::processors>("processors", "at a time, of all processes together; needs control groups; 0: all there are")
          .Between(0, 1'024),
      Key<&L::memory_bytes>("memory_bytes", "of all processes together").Between(1 << 20, kMostBytes),
      Key<&L::processes>("processes", "at a time, threads included").Between(1, 100'000),
      Key<&L::open_files>("open_files", "of each process").Between(8, 1'000'000),
      Key<&L::file_bytes>("file_bytes", "of each file").Between(1, kMostBytes),
      Key<&L::scratch_bytes>("scratch_bytes", "of the scratch folder, and of /tmp").Between(4096, kMostBytes),
      Key<&L::scratch_files>("scratch_files", "in the scratch folder, and in /tmp").Between(1, 10'000'000),
      Key<&L::output_bytes>("output_bytes", "kept of stdout and of stderr, each").Between(0, 1 << 30),
  };
  return fields;
}

Result<ProcessOutput> RunInSandbox(const SandboxSpec& spec) {
  const SandboxReport& report = ProbeSandbox();
  if (!report.usable()) return Error::Unsupported("sandbox", report.Problem());
  return RunUnprobed(spec);
}

Result<void> PrepareScratch(const std::string& folder) {
  const auto failed = [&](const char* what) {
    return Error::Unavailable(folder, std::string(what) + ": " + std::generic_category().message(errno));
  };
  const auto user = SandboxUser();
  const uid_t owner = user ? user->uid : geteuid();
  if (mkdir(folder.c_str(), 0700) == 0) {
    if (user && lchown(folder.c_str(), user->uid, user->gid) != 0) return failed("chown");
    return {};
  }
  if (errno != EEXIST) return failed("mkdir");
  struct stat info;
  if (lstat(folder.c_str(), &info) != 0) return failed("lstat");
  if (S_ISDIR(info.st_mode) && info.st_uid == owner && (info.st_mode & 0022) == 0) return {};
  return Error::Denied(folder, "got something that others may write to, want a folder of the sandbox's user alone");
}

bool SandboxReport::usable() const {
  if (!unavailable.empty()) return false;
  for (const SandboxFinding& finding : findings) {
    if (!finding.problem.empty()) return false;
  }
  return true;
}

std::string SandboxReport::Problem() const {
  if (!unavailable.empty()) return unavailable;
  std::string all;
  for (const SandboxFinding& finding : findings) {
    if (finding.problem.empty()) continue;
    all += (all.empty() ? "" : "; ") + std::string("the limit '") + finding.limit +
           "' is not in force: " + finding.problem;
  }
  return all;
}

}  // namespace atelier
