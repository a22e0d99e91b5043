#include "agent/protocol/acp_tools.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTextBytes = 4 << 20;  // of a file that is written
constexpr int64_t kOutputBytes = 64 << 10;  // that the editor keeps of a command
constexpr int64_t kMaxSeconds = 3600;
constexpr size_t kMaxShownOldBytes = 1 << 20;  // of the file before, in a difference

struct ReadArguments {
  std::string path;
  int64_t first_line = 1, num_lines = 0;
  static Fields Describe() {
    using A = ReadArguments;
    static constexpr Field fields[] = {
        Key<&A::path>("path", "of a text file, absolute or within the folder").Required().AtMostBytes(4096),
        Key<&A::first_line>("first_line", "to begin with, counted from 1").Between(1, 1e9),
        Key<&A::num_lines>("num_lines", "to read at most; 0: all").Between(0, 1e9),
    };
    return fields;
  }
};
struct WriteArguments {
  std::string path, content;
  static Fields Describe() {
    using A = WriteArguments;
    static constexpr Field fields[] = {
        Key<&A::path>("path", "of the file, absolute or within the folder").Required().AtMostBytes(4096),
        Key<&A::content>("content", "all that it is to hold").Required().AtMostBytes(kMaxTextBytes),
    };
    return fields;
  }
};
struct RunArguments {
  std::string command, folder;
  int64_t seconds = 120;
  static Fields Describe() {
    using A = RunArguments;
    static constexpr Field fields[] = {
        Key<&A::command>("command", "a line for the shell").Required().AtMostBytes(64 << 10),
        Key<&A::folder>("folder", "to run in; without, the session's").AtMostBytes(4096),
        Key<&A::seconds>("seconds", "that it may take; then it is ended").Between(1, kMaxSeconds),
    };
    return fields;
  }
};
struct PlanEntry {
  std::string content, priority = "medium", status = "pending";
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&PlanEntry::content>("content", "what is to be done").Required().AtMostBytes(2000),
        Key<&PlanEntry::priority>("priority", "how much it matters").OneOf("high|medium|low"),
        Key<&PlanEntry::status>("status", "how far it is").OneOf("pending|in_progress|completed"),
    };
    return fields;
  }
};
struct PlanArguments {
  std::vector<PlanEntry> entries;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&PlanArguments::entries>("entries", "the whole plan, in order").Required().AtMostItems(100),
    };
    return fields;
  }
};

// Absolute and without ".."; empty: outside of the session's folders.
std::string PathWithin(const AcpWorkplace& place, const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path whole = (fs::path(place.folder) / path).lexically_normal();
  const auto holds = [&](const std::string& folder) {
    const fs::path relative = whole.lexically_relative(fs::path(folder).lexically_normal());
    return !relative.empty() && *relative.begin() != "..";
  };
  const bool within = holds(place.folder) || std::ranges::any_of(place.further, holds);
  if (!within || path.find('\0') != std::string::npos) return {};
  std::string text = whole.string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

ToolOutput Failure(std::string text) { return {.text = std::move(text), .is_error = true}; }
ToolOutput Outside(const std::string& path) { return Failure("'" + path + "' is outside of the session's folders."); }

class EditorTool : public AgentTool {
 public:
  explicit EditorTool(AcpWorkplace place) : place_(std::move(place)) {}
  const ToolSpec& spec() const override { return spec_; }

 protected:
  // What the editor refuses is an answer for the model; that it has gone is none.
  Task<Result<Json>> Ask(Call call, std::string method, Json params) {
    const auto client = place_.client.lock();
    if (!client) co_return Error::Unavailable(method, "the editor has gone");
    params.Set("sessionId", place_.session_id);
    co_return co_await client->Ask(std::move(call), std::move(method), std::move(params));
  }
  void Show(const ToolCallInfo& info, Json content) {
    const auto client = place_.client.lock();
    if (!client) return;
    client->Update(place_.session_id, Json::Object({{"sessionUpdate", "tool_call_update"},
                                                    {"toolCallId", info.run_id + "/" + info.path},
                                                    {"content", Json::Array({std::move(content)})}}));
  }

  const AcpWorkplace place_;
  ToolSpec spec_;
};

class ReadFileTool final : public EditorTool {
 public:
  explicit ReadFileTool(AcpWorkplace place) : EditorTool(std::move(place)) {
    spec_.name = kEditorReadFile, spec_.title = "Read";
    spec_.description = "Reads a text file as it stands in the editor, with what is not saved yet.";
    spec_.parameters = JsonSchema<ReadArguments>();
    spec_.read_only = true;
  }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo /*info*/, Json json) override {
    CO_TRY(const ReadArguments arguments, ReadJson<ReadArguments>(json));
    const std::string path = PathWithin(place_, arguments.path);
    if (path.empty()) co_return Outside(arguments.path);
    Json params = Json::Object({{"path", path}});
    if (arguments.first_line > 1) params.Set("line", arguments.first_line);
    if (arguments.num_lines > 0) params.Set("limit", arguments.num_lines);
    CO_TRY(const Json read, co_await Ask(std::move(call), "fs/read_text_file", std::move(params)));
    if (!read["content"].is_string()) co_return Failure("The editor gave no text.");
    co_return ToolOutput{.text = read["content"].AsString()};
  }
};

Json DifferenceOf(const std::string& path, Json old_text, const std::string& new_text) {
  Json difference = Json::Object({{"type", "diff"}, {"path", path}});
  if (old_text.is_string() && old_text.AsString().size() <= kMaxShownOldBytes) {
    difference.Set("oldText", std::move(old_text));
  }
  difference.Set("newText", new_text);
  return difference;
}

class WriteFileTool final : public EditorTool {
 public:
  explicit WriteFileTool(AcpWorkplace place) : EditorTool(std::move(place)) {
    spec_.name = kEditorWriteFile, spec_.title = "Write";
    spec_.description = "Writes a whole text file by the editor.";
    spec_.parameters = JsonSchema<WriteArguments>();
    // Written twice, it holds the same.
    spec_.idempotent = true, spec_.needs_approval = true, spec_.outside = false;
  }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json json) override {
    CO_TRY(const WriteArguments arguments, ReadJson<WriteArguments>(json));
    const std::string path = PathWithin(place_, arguments.path);
    if (path.empty()) co_return Outside(arguments.path);
    Json difference = co_await AcpDifference(call, place_, json);
    Json params = Json::Object({{"path", path}, {"content", arguments.content}});
    CO_TRY_VOID(co_await Ask(std::move(call), "fs/write_text_file", std::move(params)));
    if (!difference.is_null()) Show(info, std::move(difference));
    co_return ToolOutput{.text = "Written: " + path};
  }
};

// A command's terminal; the editor keeps it until it is released.
class RunTool final : public EditorTool {
 public:
  explicit RunTool(AcpWorkplace place) : EditorTool(std::move(place)) {
    spec_.name = kEditorRun, spec_.title = "Run";
    spec_.description = "Runs a command line in a terminal of the editor, and answers what it wrote.";
    spec_.parameters = JsonSchema<RunArguments>();
    spec_.needs_approval = true;
    spec_.timeout = std::chrono::seconds(kMaxSeconds + 60);
  }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json json) override {
    CO_TRY(const RunArguments arguments, ReadJson<RunArguments>(json));
    const std::string folder = PathWithin(place_, arguments.folder);
    if (folder.empty()) co_return Outside(arguments.folder);
    Json params = Json::Object({{"command", "/bin/sh"},
                                {"args", Json::Array({"-c", arguments.command})},
                                {"cwd", folder},
                                {"outputByteLimit", kOutputBytes}});
    CO_TRY(const Json created, co_await Ask(call, "terminal/create", std::move(params)));
    const Json& terminal = created["terminalId"];
    if (!terminal.is_string()) co_return Failure("The editor gave no terminal.");
    Show(info, Json::Object({{"type", "terminal"}, {"terminalId", terminal}}));
    const Json named = Json::Object({{"terminalId", terminal}});
    Result<ToolOutput> output = co_await Follow(call, named, arguments.seconds);
    // A stopped call must let go of it too; nobody waits for the answer.
    Call parting;
    if (const auto client = place_.client.lock(); client && !client->gone()) {
      Spawn(Release(client, place_.session_id, std::move(parting), named));
    }
    co_return output;
  }

 private:
  static Task<void> Release(std::shared_ptr<AcpClient> client, std::string session_id, Call call, Json params) {
    params.Set("sessionId", session_id);
    // What the editor says to it changes nothing.
    (void)co_await client->Ask(std::move(call), "terminal/release", std::move(params));
  }

  Task<Result<ToolOutput>> Follow(Call call, Json named, int64_t seconds) {
    Call waiting = call;
    if (const auto client = place_.client.lock()) {
      waiting.deadline = std::min(waiting.deadline, client->loop().Now() + std::chrono::seconds(seconds));
    }
    Result<Json> exit = co_await Ask(std::move(waiting), "terminal/wait_for_exit", named);
    const bool is_late = !exit.ok() && exit.error().kind == ErrorKind::kTimeout;
    if (!exit.ok() && !is_late) co_return std::move(exit).error();
    if (is_late) CO_TRY_VOID(co_await Ask(call, "terminal/kill", named));
    CO_TRY(const Json shown, co_await Ask(std::move(call), "terminal/output", named));
    ToolOutput output;
    if (shown["output"].is_string()) output.text = shown["output"].AsString();
    if (shown["truncated"] == Json(true)) output.text = "[its beginning is left out]\n" + output.text;
    if (is_late) output.text += "\n[ended after " + std::to_string(seconds) + " s]";
    const Json& code = is_late ? Json() : (*exit)["exitCode"];
    if (code.is_number()) output.text += (output.text.empty() ? "[exit code " : "\n[exit code ") + code.Dump() + "]";
    output.is_error = is_late || !(code == Json(0));
    output.structured = Json::Object({{"exit_code", code}, {"output", shown["output"]}});
    co_return output;
  }
};

class PlanTool final : public EditorTool {
 public:
  explicit PlanTool(AcpWorkplace place) : EditorTool(std::move(place)) {
    spec_.name = kUpdatePlan, spec_.title = "Plan";
    spec_.description = "Shows the person what you mean to do, and how far it is; the whole plan each time.";
    spec_.parameters = JsonSchema<PlanArguments>();
    spec_.read_only = true, spec_.outside = false;
  }

  Task<Result<ToolOutput>> Run(Call /*call*/, ToolCallInfo /*info*/, Json json) override {
    if (const auto client = place_.client.lock()) client->Update(place_.session_id, AcpPlan(json));
    co_return ToolOutput{.text = "Shown."};
  }
};

}  // namespace

AgentTools MakeEditorTools(const AcpWorkplace& place) {
  AgentTools tools;
  const auto client = place.client.lock();
  if (!client) return tools;
  if (client->can().read_files) tools.push_back(std::make_shared<ReadFileTool>(place));
  if (client->can().write_files) tools.push_back(std::make_shared<WriteFileTool>(place));
  if (client->can().terminal) tools.push_back(std::make_shared<RunTool>(place));
  tools.push_back(std::make_shared<PlanTool>(place));
  return tools;
}

Task<Json> AcpDifference(Call call, AcpWorkplace place, Json arguments) {
  const auto client = place.client.lock();
  if (!client || !arguments["path"].is_string() || !arguments["content"].is_string()) co_return Json();
  const std::string path = PathWithin(place, arguments["path"].AsString());
  if (path.empty()) co_return Json();
  Json old_text;
  if (client->can().read_files) {
    Json params = Json::Object({{"sessionId", place.session_id}, {"path", path}});
    Result<Json> read = co_await client->Ask(std::move(call), "fs/read_text_file", std::move(params));
    if (read.ok()) old_text = (*read)["content"];  // else the file is new
  }
  co_return DifferenceOf(path, std::move(old_text), arguments["content"].AsString());
}

Json AcpLocations(std::string_view tool, const Json& arguments, const std::string& folder) {
  Json locations = Json::Array();
  const bool of_file = tool == kEditorReadFile || tool == kEditorWriteFile;
  if (!of_file || !arguments["path"].is_string()) return locations;
  const std::filesystem::path whole = std::filesystem::path(folder) / arguments["path"].AsString();
  Json location = Json::Object({{"path", whole.lexically_normal().string()}});
  if (arguments["first_line"].is_number()) location.Set("line", arguments["first_line"]);
  locations.Push(std::move(location));
  return locations;
}

bool AcpShowsItself(std::string_view tool) {
  return tool == kEditorWriteFile || tool == kEditorRun || tool == kUpdatePlan;
}

bool IsEditorTool(std::string_view tool) { return tool == kEditorReadFile || AcpShowsItself(tool); }

Json AcpPlan(const Json& arguments) {
  Json entries = Json::Array();
  if (const auto plan = ReadJson<PlanArguments>(arguments); plan.ok()) {
    for (const PlanEntry& entry : plan->entries) entries.Push(WriteJson(entry));
  }
  return Json::Object({{"sessionUpdate", "plan"}, {"entries", std::move(entries)}});
}

}  // namespace atelier
