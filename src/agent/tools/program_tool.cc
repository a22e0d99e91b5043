#include "agent/tools/program_tool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/io/files.h"
#include "base/io/sha256.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kKeptNanos = int64_t{2} * 24 * 3600 * 1'000'000'000;

// Ours, and nobody else may put anything into it.
Result<void> MakeOwnFolder(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return Error::Unavailable(path, "mkdir: " + std::generic_category().message(errno));
  }
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
      (info.st_mode & 0022) != 0) {
    return Error::Denied(path, "got something that is not ours alone, want no such thing there, or our folder");
  }
  if (chmod(path.c_str(), mode) != 0) return Error::Unavailable(path, "chmod failed");
  return {};
}

// The folders of runs are ours, so that no program can touch their times; what programs write is within.
void RemoveOld(const std::string& root) {
  const auto names = Files::Real().List(root);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const std::string path = JoinPath(root, name);
    const auto info = Files::Real().Stat(path);
    if (info.ok() && Clock::Real().UnixNanos() - info->modified_ns > kKeptNanos) {
      static_cast<void>(RemoveTree(Files::Real(), path));
    }
  }
}

void Append(std::string& text, std::string_view more) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += more;
}

std::string ScratchRoot() {
  std::error_code none;
  return std::filesystem::temp_directory_path(none).native() + "/atelier-scratch-" + std::to_string(geteuid());
}
std::string FolderOfRun(const std::string& root, std::string_view run_id) {
  return JoinPath(root, Sha256Hex(run_id).substr(0, 32));
}

}  // namespace

Fields ProgramOptions::Describe() {
  using O = ProgramOptions;
  static constexpr Field fields[] = {
      Key<&O::limits>("limits", "of each call; what a sandbox may use"),
      Key<&O::network>("network", "whether the program reaches the network: all of it, this machine's included"),
      Key<&O::keep_files>("keep_files",
                          "whether the calls of a run share a scratch folder; else each has an empty one"),
      Key<&O::readable>("readable", "files and folders that it may read, absolute; besides the system's programs"),
  };
  return fields;
}

void ProgramOptions::Tell(ToolSpec& spec) const {
  spec.read_only = !network && !keep_files;
  spec.sensitive = network;
  spec.outside = network || !readable.empty();
  spec.timeout = std::chrono::milliseconds(static_cast<int64_t>(limits.wall_seconds * 1000) + 1'000);
  if (network) return;
  spec.description += " There is no network.";
}

Result<void> RemoveRunScratch(std::string_view run_id) {
  return RemoveTree(Files::Real(), FolderOfRun(ScratchRoot(), run_id));
}

Result<std::string> RunScratch(std::string_view run_id) {
  const std::string root = ScratchRoot();
  TRY_VOID(MakeOwnFolder(root, 0711));  // the sandbox's user goes through it
  const std::string run = FolderOfRun(root, run_id);
  struct stat info;
  if (lstat(run.c_str(), &info) != 0) RemoveOld(root);
  TRY_VOID(MakeOwnFolder(run, 0711));
  if (utimensat(AT_FDCWD, run.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error::Unavailable(run, "its time cannot be set: " + std::generic_category().message(errno));
  }
  const std::string scratch = JoinPath(run, "scratch");
  TRY_VOID(PrepareScratch(scratch));
  return scratch;
}

Result<SandboxSpec> SandboxOf(const ProgramOptions& options, const BlockingCall& call) {
  SandboxSpec spec;
  spec.limits = options.limits;
  const double left = static_cast<double>(call.TimeLeft().count()) / 1000;
  spec.limits.wall_seconds = std::min(spec.limits.wall_seconds, left);
  spec.network = options.network;
  spec.readable = options.readable;
  spec.stop = call.stop;
  if (options.keep_files) {
    TRY(spec.scratch, RunScratch(call.info.run_id));
  }
  return spec;
}

ToolOutput TellOutput(const ProcessOutput& output) {
  ToolOutput told;
  const std::string out = ReplaceInvalidUtf8(output.out), err = ReplaceInvalidUtf8(output.err);
  told.text = out;
  if (!err.empty()) Append(told.text, "[stderr]\n" + err);
  if (output.truncated) Append(told.text, "[the output was longer and is cut]");
  if (!output.succeeded()) Append(told.text, "[it " + output.HowItEnded() + "]");
  if (told.text.empty()) told.text = "[it wrote nothing and exited with 0]";
  told.structured = Json::Object({{"exit_code", output.exit_code},
                                  {"signal", output.signal},
                                  {"stdout", out},
                                  {"stderr", err},
                                  {"truncated", output.truncated}});
  told.is_error = !output.succeeded();
  return told;
}

Json ProgramOutputSchema() {
  return Json::Parse(R"({"type": "object", "required": ["exit_code", "signal", "stdout", "stderr", "truncated"],
      "properties": {
        "exit_code": {"type": "integer", "description": "-1 where a signal ended it"},
        "signal": {"type": "integer", "description": "0 where it exited"},
        "stdout": {"type": "string"}, "stderr": {"type": "string"},
        "truncated": {"type": "boolean", "description": "the output was longer than it may be"}}})")
      .value();
}

Result<ToolOutput> RunProgram(const SandboxSpec& spec) {
  auto output = RunInSandbox(spec);
  if (output.ok()) return TellOutput(*output);
  const bool no_answer = output.error().kind == ErrorKind::kCancelled || output.error().kind == ErrorKind::kUnsupported;
  if (no_answer) return std::move(output).error();
  return ToolFailure(output.error());
}

}  // namespace atelier
