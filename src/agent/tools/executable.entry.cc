// Any program as a tool, by a manifest:
//
//   {"name": "word_count", "description": "Counts the words of a text.",
//    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
//    "output_schema": {"type": "object"}, "read_only": true,
//    "command": ["./word_count.py", "--json"]}
//
// The arguments go to it as one JSON document on stdin, which then ends; it answers with one JSON document on stdout
// and exit code 0. Anything else (another exit code, no JSON, an answer that its output_schema does not allow, too long
// an answer, no end) is a tool error that says so, with the end of what it wrote to stderr. It finds the call's key in
// ATELIER_IDEMPOTENCY_KEY and the run's name in ATELIER_RUN_ID.
//
// command[0] with a '/' in it is a path from the manifest's folder, else a name that is looked up. It runs in the
// sandbox, where the manifest's folder can be read; settings (not the manifest) may say `sandbox: false`: then it runs
// as we do, in the manifest's folder, bounded in time and output alone.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "agent/tools/program_tool.h"
#include "base/io/files.h"
#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kMaxManifestBytes = 1 << 20;

struct Options {
  std::string manifest;
  bool sandbox = true;
  ProgramOptions program{.keep_files = false};
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Options::manifest>("manifest", "path of the JSON file that describes it").Required(),
        Key<&Options::sandbox>("sandbox", "whether it runs in the sandbox; without, it runs as Atelier does"),
        Inline<&Options::program>(),
    };
    return fields;
  }
};

struct Manifest {
  std::string name, title, description;
  Json parameters = Json::Object({{"type", "object"}});
  Json output_schema;
  bool read_only = false, idempotent = false;
  std::optional<bool> sensitive = {};  // none: as it is no read_only
  std::vector<std::string> command;
  static Fields Describe() {
    using M = Manifest;
    static constexpr Field fields[] = {
        Key<&M::name>("name", "1 to 64 of A-Z a-z 0-9 _ -").Required(),
        Key<&M::title>("title", "for people"),
        Key<&M::description>("description", "what a model is told of it").Required(),
        Key<&M::parameters>("parameters", "a JSON Schema of an object"),
        Key<&M::output_schema>("output_schema", "a JSON Schema of what it answers"),
        Key<&M::read_only>("read_only", "it changes nothing that anybody could notice"),
        Key<&M::idempotent>("idempotent", "called again with the same key it has one effect"),
        Key<&M::sensitive>("sensitive", "text from outside may not steer it without a person's yes"),
        Key<&M::command>("command", "the program and its arguments").Required(),
    };
    return fields;
  }
};

struct Program {
  Options options;
  std::string folder;  // the manifest's
  std::vector<std::string> command;
  std::shared_ptr<const JsonSchemaValidator> answers;  // null: anything
};

std::string Tail(const std::string& text) {
  constexpr size_t kMostBytes = 2000;
  const std::string valid = ReplaceInvalidUtf8(text);
  if (valid.size() <= kMostBytes) return valid;
  size_t begin = valid.size() - kMostBytes;
  while (begin < valid.size() && (static_cast<uint8_t>(valid[begin]) & 0xC0) == 0x80) ++begin;
  return "…" + valid.substr(begin);
}

ToolOutput Failed(std::string what, const ProcessOutput& output) {
  if (!output.err.empty()) what += "; on stderr: " + Tail(output.err);
  return ToolFailure("the program " + what);
}

Result<ToolOutput> Judge(const Program& program, const ProcessOutput& output) {
  if (!output.succeeded()) return Failed(output.HowItEnded(), output);
  if (output.truncated) {
    return Failed("wrote more than " + std::to_string(program.options.program.limits.output_bytes) + " bytes", output);
  }
  auto answer = Json::Parse(output.out);
  if (!answer.ok()) return Failed("answered no JSON document: " + answer.error().Message(), output);
  if (program.answers != nullptr) {
    TRY(const auto violations, program.answers->Validate(*answer, 3));
    std::string all;
    for (const SchemaViolation& violation : violations) all += (all.empty() ? "" : "; ") + violation.Text();
    if (!all.empty()) return Failed("answered what its output_schema does not allow: " + all, output);
  }
  ToolOutput told;
  told.text = answer->is_string() ? answer->AsString() : answer->Dump();
  told.structured = *std::move(answer);
  return told;
}

std::vector<std::pair<std::string, std::string>> EnvironmentOf(const ToolCallInfo& info) {
  return {{"ATELIER_IDEMPOTENCY_KEY", info.idempotency_key}, {"ATELIER_RUN_ID", info.run_id}};
}

Result<ProcessOutput> RunBare(const Program& program, const BlockingCall& call, const Json& arguments) {
  ProcessSpec process{.args = program.command, .extra_env = EnvironmentOf(call.info), .folder = program.folder};
  const SandboxLimits& limits = program.options.program.limits;
  process.input = arguments.Dump();
  process.max_output_bytes = limits.output_bytes;
  process.timeout =
      std::min(call.TimeLeft(), std::chrono::milliseconds(static_cast<int64_t>(limits.wall_seconds * 1000)));
  process.stop = call.stop;
  return RunProcess(process);
}

Result<ProcessOutput> RunSandboxed(const Program& program, const BlockingCall& call, const Json& arguments) {
  TRY(SandboxSpec sandbox, SandboxOf(program.options.program, call));
  sandbox.args = program.command;
  sandbox.input = arguments.Dump();
  sandbox.environment = EnvironmentOf(call.info);
  // Of the system's folders all is there already.
  if (!program.folder.starts_with("/usr/")) sandbox.readable.push_back(program.folder);
  return RunInSandbox(sandbox);
}

Result<ToolOutput> Run(const Program& program, const BlockingCall& call, const Json& arguments) {
  auto output = program.options.sandbox ? RunSandboxed(program, call, arguments) : RunBare(program, call, arguments);
  if (output.ok()) return Judge(program, *output);
  const ErrorKind kind = output.error().kind;
  if (kind == ErrorKind::kCancelled || kind == ErrorKind::kUnsupported) return std::move(output).error();
  return ToolFailure(output.error());
}

Result<Manifest> ReadManifest(const std::string& path) {
  const auto read = [&]() -> Result<Manifest> {
    TRY(const std::string text, ReadWholeFile(Files::Real(), path, kMaxManifestBytes));
    auto json = Json::Parse(text);
    if (!json.ok()) return std::move(json).error().Under(path);
    auto manifest = ReadJson<Manifest>(*json);
    if (!manifest.ok()) return std::move(manifest).error().Under(path);
    if (manifest->command.empty() || manifest->command[0].empty()) {
      return Error::Invalid(path + ": command", "got none, want the program and its arguments");
    }
    return manifest;
  };
  auto manifest = read();
  if (!manifest.ok()) return Error::Invalid("manifest", manifest.error().Message());
  return manifest;
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(Options options, ReadToolOptions<Options>(config));
  std::error_code none;
  const std::string path = std::filesystem::absolute(options.manifest, none).lexically_normal().native();
  TRY(Manifest manifest, ReadManifest(path));
  auto program = std::make_shared<Program>();
  program->folder = FolderOf(path);
  program->command = manifest.command;
  if (manifest.command[0].find('/') != std::string::npos) {
    program->command[0] = (std::filesystem::path(program->folder) / manifest.command[0]).lexically_normal().native();
  }
  if (!manifest.output_schema.is_null()) {
    auto schema = SchemaDocument::Parse(manifest.output_schema);
    if (!schema.ok()) return Error::Invalid("manifest", path + ": output_schema: " + schema.error().Message());
    auto validator = JsonSchemaValidator::Create(*std::move(schema), FormatPolicy::kAnnotate);
    if (!validator.ok()) return Error::Invalid("manifest", path + ": output_schema: " + validator.error().Message());
    program->answers = std::make_shared<const JsonSchemaValidator>(*std::move(validator));
  }
  ToolSpec spec{.name = manifest.name, .title = manifest.title, .description = manifest.description};
  spec.parameters = std::move(manifest.parameters);
  spec.output_schema = std::move(manifest.output_schema);
  spec.read_only = manifest.read_only;
  spec.idempotent = manifest.idempotent;
  spec.sensitive = manifest.sensitive.value_or(!manifest.read_only);
  spec.timeout = std::chrono::milliseconds(static_cast<int64_t>(options.program.limits.wall_seconds * 1000) + 1'000);
  program->options = std::move(options);
  auto run = [program](const BlockingCall& call, const Json& arguments) { return Run(*program, call, arguments); };
  return AgentTools{MakeBlockingTool(environment, std::move(spec), std::move(run))};
}

}  // namespace

extern const ToolEntry tool_executable{"executable", "any program as a tool, by a manifest", Make};

}  // namespace atelier
