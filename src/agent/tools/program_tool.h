// What the tools that run programs share: their settings, the scratch folder of a run, and how a model is told what a
// program left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools/blocking_tool.h"
#include "base/process/sandbox.h"
#include "base/text/describe.h"

namespace atelier {

inline constexpr int64_t kMaxProgramBytes = 100'000;  // the kernel takes 128 KiB as one argument

struct ProgramOptions {
  SandboxLimits limits{.output_bytes = 64 << 10};
  bool network = false;
  bool keep_files = true;
  std::vector<std::string> readable = {};
  static Fields Describe();

  // Beside name and description. A program that can reach nothing and leaves nothing changes nothing.
  void Tell(ToolSpec& spec) const;
};

// The folder that all calls of a run share as their scratch, made if there is none. It stays two days after its last
// use, longer than any call may take. Errors: what stands there is not ours.
Result<std::string> RunScratch(std::string_view run_id);
// Of a run that is no more. Fine if there is none.
Result<void> RemoveRunScratch(std::string_view run_id);

// The sandbox of one call, but for what it runs.
Result<SandboxSpec> SandboxOf(const ProgramOptions& options, const BlockingCall& call);

// stdout, then stderr and how it ended where there is something to tell; {exit_code, signal, stdout, stderr,
// truncated}.
ToolOutput TellOutput(const ProcessOutput& output);
// TellOutput's schema.
Json ProgramOutputSchema();

// Runs it and tells. An error of the sandbox's limits is an answer; that there is no sandbox, or a stop, is not.
Result<ToolOutput> RunProgram(const SandboxSpec& spec);

}  // namespace atelier
