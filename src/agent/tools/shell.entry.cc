// Runs a command line in the sandbox, by /bin/sh.
#include <utility>

#include "agent/tools/program_tool.h"

namespace atelier {
namespace {

struct Arguments {
  std::string command;
  std::string input;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Arguments::command>("command", "a line for /bin/sh").Required().AtMostBytes(kMaxProgramBytes),
        Key<&Arguments::input>("input", "given to it on stdin").AtMostBytes(8 << 20),
    };
    return fields;
  }
};

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const ProgramOptions options, ReadToolOptions<ProgramOptions>(config));
  ToolSpec spec{.name = "shell", .title = "Shell"};
  spec.description =
      "Runs a command line by /bin/sh in a sandbox, with the usual tools of a Linux system, and answers what it wrote.";
  if (options.keep_files) spec.description += " Files in the current folder stay for later calls.";
  spec.parameters = JsonSchema<Arguments>();
  spec.output_schema = ProgramOutputSchema();
  options.Tell(spec);
  auto run = [options](const BlockingCall& call, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<Arguments>(json);
    if (!arguments.ok()) return ToolFailure(arguments.error());
    TRY(SandboxSpec sandbox, SandboxOf(options, call));
    sandbox.args = {"/bin/sh", "-c", arguments->command};
    sandbox.input = arguments->input;
    return RunProgram(sandbox);
  };
  return AgentTools{MakeBlockingTool(environment, std::move(spec), std::move(run))};
}

}  // namespace

extern const ToolEntry tool_shell{"shell", "runs a command line in the sandbox", Make};

}  // namespace atelier
