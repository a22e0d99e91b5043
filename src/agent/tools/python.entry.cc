// Runs Python code in the sandbox, by the system's python3.
#include <unistd.h>

#include <utility>

#include "agent/tools/program_tool.h"

namespace atelier {
namespace {

struct Arguments {
  std::string code;
  std::string input;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Arguments::code>("code", "a Python 3 program; what it prints is answered")
            .Required()
            .AtMostBytes(kMaxProgramBytes),
        Key<&Arguments::input>("input", "given to it on stdin").AtMostBytes(8 << 20),
    };
    return fields;
  }
};

// Where the sandbox sees programs; what our own PATH has beyond is not there.
bool HasPython() {
  for (const char* path : {"/usr/local/bin/python3", "/usr/bin/python3"}) {
    if (access(path, X_OK) == 0) return true;
  }
  return false;
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const ProgramOptions options, ReadToolOptions<ProgramOptions>(config));
  ToolSpec spec{.name = "python", .title = "Python"};
  spec.description = "Runs a Python 3 program in a sandbox and answers what it printed.";
  if (options.keep_files) spec.description += " Files in the current folder stay for later calls; variables do not.";
  spec.parameters = JsonSchema<Arguments>();
  spec.output_schema = ProgramOutputSchema();
  options.Tell(spec);
  auto run = [options](const BlockingCall& call, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<Arguments>(json);
    if (!arguments.ok()) return ToolFailure(arguments.error());
    if (!HasPython())
      return Error::Unsupported("python", "there is no python3 in /usr/bin: install the package python3");
    TRY(SandboxSpec sandbox, SandboxOf(options, call));
    sandbox.args = {"python3", "-c", arguments->code};
    sandbox.input = arguments->input;
    sandbox.environment = {{"PYTHONDONTWRITEBYTECODE", "1"}};
    return RunProgram(sandbox);
  };
  return AgentTools{MakeBlockingTool(environment, std::move(spec), std::move(run))};
}

}  // namespace

extern const ToolEntry tool_python{"python", "runs Python code in the sandbox", Make};

}  // namespace atelier
