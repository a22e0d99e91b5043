#include "eval/agent_world.h"

#include <algorithm>
#include <utility>

#include "agent/tools/blocking_tool.h"
#include "base/store/db.h"

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = 64 << 20;
constexpr size_t kMaxRowsShown = 50;
constexpr char kWorld[] = "{world}";

// `json` with "{world}" in its texts replaced.
Json Placed(Json json, const std::string& folder) {
  if (json.is_string()) {
    std::string text = json.AsString();
    for (size_t at = text.find(kWorld); at != std::string::npos; at = text.find(kWorld, at + folder.size())) {
      text.replace(at, sizeof kWorld - 1, folder);
    }
    return Json(std::move(text));
  }
  if (json.is_array()) {
    for (Json& item : json.items()) item = Placed(std::move(item), folder);
  }
  if (json.is_object()) {
    Json placed = Json::Object();
    for (const JsonMember& member : json.members()) placed.Set(member.key, Placed(member.value, folder));
    return placed;
  }
  return json;
}

std::vector<std::string> Names(const ActionConfig& action) {
  if (!action.order.empty()) return action.order;
  std::vector<std::string> names;
  for (const auto& [name, schema] : action.parameters) names.push_back(name);
  return names;
}

ToolSpec SpecOf(const ActionConfig& action) {
  ToolSpec spec;
  spec.name = action.name, spec.description = action.description;
  Json properties = Json::Object(), required = Json::Array();
  for (const std::string& name : Names(action)) {
    const auto schema = action.parameters.find(name);
    properties.Set(name, schema == action.parameters.end() ? Json::Object() : schema->second);
    if (std::ranges::find(action.optional, name) == action.optional.end()) required.Push(name);
  }
  spec.parameters = Json::Object({{"type", "object"},
                                  {"properties", std::move(properties)},
                                  {"required", std::move(required)},
                                  {"additionalProperties", false}});
  spec.sensitive = action.sensitive, spec.needs_approval = action.needs_approval, spec.outside = action.outside;
  return spec;
}

void Bind(Statement& statement, int index, const Json& value) {
  if (value.is_null()) {
    statement.BindNull(index);
  } else if (const auto number = value.is_number() ? value.AsInt64() : std::nullopt) {
    statement.Bind(index, *number);
  } else if (value.is_number()) {
    statement.Bind(index, value.AsDouble());
  } else {
    statement.Bind(index, std::string_view(value.is_string() ? value.AsString() : value.Dump()));
  }
}

Result<std::string> Rows(Statement& statement, size_t most) {
  std::string rows;
  for (size_t row = 0; row < most; ++row) {
    TRY(const bool more, statement.Step());
    if (!more) break;
    if (row > 0) rows += "\n";
    for (int column = 0; column < statement.num_columns(); ++column) {
      rows += (column > 0 ? "|" : "") + std::string(statement.Text(column));
    }
  }
  return rows;
}

Result<ToolOutput> Act(const std::string& path, const ActionConfig& action, const Json& arguments) {
  TRY(Db db, Db::Open(path, {.synchronous = Synchronous::kOff}));
  TRY(Statement statement, db.Prepare(action.sql));
  int index = 0;
  for (const std::string& name : Names(action)) Bind(statement, index++, arguments[name]);
  const auto before = db.QueryInt("SELECT total_changes()");
  TRY(std::string rows, Rows(statement, kMaxRowsShown));
  if (statement.num_columns() > 0) {
    return ToolOutput{.text = rows.empty() ? "Nothing was found." : std::move(rows)};
  }
  statement.Reset();
  const auto after = db.QueryInt("SELECT total_changes()");
  if (before.ok() && after.ok() && *before == *after) return ToolFailure("Nothing fits, so nothing was changed.");
  return ToolOutput{.text = "Done."};
}

Result<void> Collect(const std::string& folder, const std::string& prefix, std::map<std::string, std::string>& found) {
  TRY(const auto names, Files::Real().List(folder));
  for (const std::string& name : names) {
    const std::string path = JoinPath(folder, name), shown = JoinPath(prefix, name);
    TRY(const FileInfo info, Files::Real().Stat(path));
    if (info.is_folder) {
      TRY_VOID(Collect(path, shown, found));
    } else {
      TRY(found[shown], ReadWholeFile(Files::Real(), path, kMaxFileBytes));
    }
  }
  return {};
}

}  // namespace

AgentWorld::~AgentWorld() { static_cast<void>(RemoveTree(Files::Real(), folder_)); }

Result<std::unique_ptr<AgentWorld>> AgentWorld::Create(const AgentWorldConfig& config, std::string folder) {
  TRY_VOID(Files::Real().MakeFolders(folder));
  std::unique_ptr<AgentWorld> world(new AgentWorld(std::move(folder)));
  for (const auto& [name, content] : config.files) {
    TRY_VOID(Files::Real().MakeFolders(FolderOf(world->PathOf(name))));
    TRY_VOID(WriteAtomically(Files::Real(), world->PathOf(name), content));
  }
  for (const auto& [name, statements] : config.databases) {
    TRY_VOID(Files::Real().MakeFolders(FolderOf(world->PathOf(name))));
    TRY(Db db, Db::Open(world->PathOf(name), {.synchronous = Synchronous::kOff}));
    auto made = db.Execute(statements);
    if (!made.ok()) return std::move(made).error().Under("world.databases." + name);
    world->databases_.push_back(name);
  }
  TRY(world->before_, world->Contents());
  return world;
}

Result<AgentTools> AgentWorld::MakeTools(const std::vector<ToolConfig>& tools, const std::vector<ActionConfig>& actions,
                                         const ToolEnvironment& environment) const {
  AgentTools all;
  for (ToolConfig config : tools) {
    config.with = Placed(std::move(config.with), folder_);
    auto made = atelier::MakeTools(config, environment);
    if (!made.ok()) return std::move(made).error().Under("tools." + config.type);
    all.insert(all.end(), made->begin(), made->end());
  }
  for (const ActionConfig& action : actions) {
    ToolSpec spec = SpecOf(action);
    auto fine = CheckToolSpec(spec);
    if (!fine.ok()) return std::move(fine).error().Under("actions." + action.name);
    all.push_back(
        MakeBlockingTool(environment, std::move(spec),
                         [path = PathOf(action.database), action](const BlockingCall&, const Json& arguments) {
                           return Act(path, action, arguments);
                         }));
  }
  return all;
}

Result<std::map<std::string, std::string>> AgentWorld::Contents() const {
  std::map<std::string, std::string> found;
  TRY_VOID(Collect(folder_, "", found));
  for (const std::string& database : databases_) {
    for (const char* suffix : {"", "-wal", "-shm"}) found.erase(database + suffix);
  }
  return found;
}

Result<std::vector<std::string>> AgentWorld::Changed() const {
  TRY(const auto now, Contents());
  std::vector<std::string> changed;
  for (const auto& [path, content] : now) {
    const auto was = before_.find(path);
    if (was == before_.end() || was->second != content) changed.push_back(path);
  }
  for (const auto& [path, content] : before_) {
    if (!now.contains(path)) changed.push_back(path);
  }
  std::ranges::sort(changed);
  return changed;
}

Result<std::string> AgentWorld::Query(const std::string& database, const std::string& sql) const {
  TRY(Db db, Db::Open(PathOf(database), {.synchronous = Synchronous::kOff}));
  TRY(Statement statement, db.Prepare(sql));
  return Rows(statement, 1000);
}

}  // namespace atelier
