#include "agent/protocol/mcp_tools.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/io/sha256.h"

namespace atelier {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxDescriptionBytes = 8 << 10;
constexpr size_t kMaxTextBytes = 4 << 20;
constexpr int64_t kMaxPinBytes = 16 << 20;

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

bool FlagAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_bool() && value.AsBool();
}

class McpTool final : public AgentTool {
 public:
  McpTool(McpReach reach, std::string name, ToolSpec spec)
      : reach_(std::move(reach)), name_(std::move(name)), spec_(std::move(spec)) {}
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    CO_TRY(const std::shared_ptr<McpClient> client, co_await reach_(call, name_));
    CO_TRY(const Json result,
           co_await client->CallTool(std::move(call), name_, std::move(arguments), info.on_progress));
    ToolOutput output = ReadMcpResult(result);
    if (!spec_.output_schema.is_null() && output.structured.is_null() && !output.is_error) {
      co_return Error::Invalid(name_, "structuredContent: got none, want what the tool's output schema promises");
    }
    co_return output;
  }

 private:
  const McpReach reach_;
  const std::string name_;  // as the server knows it
  const ToolSpec spec_;
};

ToolSpec SpecOf(const Json& definition, const McpToolPolicy& policy) {
  const Json& annotations = definition["annotations"];
  ToolSpec spec;
  spec.name = McpFunctionName(policy.server, TextAt(definition, "name"));
  spec.title = TextAt(definition, "title");
  spec.description = TextAt(definition, "description").substr(0, kMaxDescriptionBytes);
  spec.parameters = definition["inputSchema"];
  if (definition["outputSchema"].is_object()) spec.output_schema = definition["outputSchema"];
  spec.read_only = policy.trusted && FlagAt(annotations, "readOnlyHint");
  spec.idempotent = policy.trusted && FlagAt(annotations, "idempotentHint");
  spec.sensitive = !spec.read_only;
  spec.needs_approval = policy.needs_approval;
  spec.outside = true;
  if (!policy.trusted) spec.author = policy.server;
  spec.timeout = policy.timeout;
  return spec;
}

// What a pin holds of a definition.
Json PinnedOf(const Json& definition) {
  Json pinned = Json::Object();
  for (const char* key : {"name", "title", "description", "inputSchema", "outputSchema", "annotations"}) {
    if (const Json* value = definition.Find(key)) pinned.Set(key, *value);
  }
  return pinned;
}

}  // namespace

std::string McpFunctionName(const std::string& server, const std::string& tool) {
  std::string name = server + "__" + tool;
  for (char& c : name) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fits) c = '_';
  }
  if (name.size() <= kMaxNameBytes) return name;
  // Long names that begin alike stay apart.
  return name.substr(0, kMaxNameBytes - 9) + "_" + Sha256Hex(name).substr(0, 8);
}

std::string McpPins::HashOf(const Json& definition) {
  return Sha256Hex(PinnedOf(definition).Dump({.sort_keys = true}));
}

Result<std::unique_ptr<McpPins>> McpPins::Open(Files& files, std::string path) {
  auto pins = std::make_unique<McpPins>();
  pins->files_ = &files;
  pins->path_ = std::move(path);
  TRY_VOID(pins->Load());
  return pins;
}

int64_t McpPins::Stamp() const {
  if (files_ == nullptr) return 0;
  const auto info = files_->Stat(path_);
  return info.ok() ? info->modified_ns ^ (info->size << 1) : 0;
}

Result<void> McpPins::Load() {
  if (files_ == nullptr) return {};
  stamp_ = Stamp();
  auto text = ReadWholeFile(*files_, path_, kMaxPinBytes);
  pins_.clear();
  if (!text && text.error().kind == ErrorKind::kNotFound) return {};
  if (!text) return std::move(text).error();
  const auto json = Json::Parse(*text);
  if (!json || !json->is_object()) return Error::Corrupt(path_, "want an object of approved definitions");
  for (const JsonMember& member : json->members()) {
    Pin pin{.hash = TextAt(member.value, "sha256"), .definition = member.value["definition"]};
    // What does not hash to what was approved was not approved.
    if (HashOf(pin.definition) != pin.hash) {
      return Error::Corrupt(path_, member.key.substr(0, 200) + ": the definition does not have its hash");
    }
    pins_.emplace(member.key, std::move(pin));
  }
  return {};
}

Result<bool> McpPins::Follow() {
  std::lock_guard lock(mutex_);
  if (Stamp() == stamp_) return false;
  TRY_VOID(Load());
  return true;
}

McpPins::Standing McpPins::Judge(const std::string& server, const Json& definition) const {
  std::lock_guard lock(mutex_);
  const auto found = pins_.find(server + "/" + TextAt(definition, "name"));
  if (found == pins_.end()) return Standing::kNew;
  return found->second.hash == HashOf(definition) ? Standing::kApproved : Standing::kChanged;
}

Result<void> McpPins::Approve(const std::string& server, const std::vector<Json>& definitions) {
  std::lock_guard lock(mutex_);
  TRY_VOID(Load());
  for (const Json& definition : definitions) {
    Pin pin{.hash = HashOf(definition), .definition = PinnedOf(definition)};
    pins_.insert_or_assign(server + "/" + TextAt(definition, "name"), std::move(pin));
  }
  return Save();
}

Result<bool> McpPins::Forget(const std::string& server, const std::string& tool) {
  std::lock_guard lock(mutex_);
  TRY_VOID(Load());
  if (pins_.erase(server + "/" + tool) == 0) return false;
  TRY_VOID(Save());
  return true;
}

std::vector<Json> McpPins::Of(const std::string& server) const {
  std::lock_guard lock(mutex_);
  std::vector<Json> definitions;
  for (auto at = pins_.lower_bound(server + "/"); at != pins_.end() && at->first.starts_with(server + "/"); ++at) {
    definitions.push_back(at->second.definition);
  }
  return definitions;
}

Result<void> McpPins::Save() {
  if (files_ == nullptr) return {};
  Json json = Json::Object();
  for (const auto& [key, pin] : pins_) {
    json.Set(key, Json::Object({{"sha256", pin.hash}, {"definition", pin.definition}}));
  }
  TRY_VOID(WriteAtomically(*files_, path_, json.DumpPretty() + "\n"));
  stamp_ = Stamp();
  return {};
}

namespace {

Task<Result<std::shared_ptr<McpClient>>> Given(std::shared_ptr<McpClient> client) { co_return client; }

}  // namespace

McpReach ReachOf(std::shared_ptr<McpClient> client) {
  return [client = std::move(client)](Call, const std::string&) { return Given(client); };
}

McpToolSet MakeMcpTools(McpReach reach, const std::vector<Json>& definitions, const McpToolPolicy& policy,
                        const McpPins& pins) {
  McpToolSet set;
  std::set<std::string> names;
  for (const Json& definition : definitions) {
    const std::string name = TextAt(definition, "name");
    const std::string where = policy.server + "/" + name;
    const McpPins::Standing standing =
        policy.trusted ? McpPins::Standing::kApproved : pins.Judge(policy.server, definition);
    if (standing != McpPins::Standing::kApproved) {
      const bool is_new = standing == McpPins::Standing::kNew;
      set.refused.push_back(where + ": its definition " + (is_new ? "is new" : "has changed since it was approved") +
                            "; a person has to approve it");
      set.unapproved.push_back(definition);
      continue;
    }
    ToolSpec spec = SpecOf(definition, policy);
    if (!names.insert(spec.name).second) {
      set.refused.push_back(where + ": another tool has the function name " + spec.name);
      continue;
    }
    set.tools.push_back(std::make_shared<McpTool>(reach, name, std::move(spec)));
  }
  return set;
}

ToolOutput ReadMcpResult(const Json& result) {
  ToolOutput output;
  output.is_error = FlagAt(result, "isError");
  if (!result["structuredContent"].is_null()) output.structured = result["structuredContent"];
  const Json& content = result["content"];
  if (!content.is_array()) {
    if (!output.structured.is_null()) output.text = output.structured.Dump();
    return output;
  }
  for (const Json& part : content.items()) {
    if (!part.is_object()) continue;
    std::string text;
    if (TextAt(part, "type") == "text") {
      text = TextAt(part, "text");
    } else if (TextAt(part, "type") == "resource") {
      text = TextAt(part["resource"], "text");
      output.parts.push_back(part);
    } else {
      output.parts.push_back(part);
    }
    if (text.empty() || output.text.size() >= kMaxTextBytes) continue;
    if (!output.text.empty()) output.text += "\n";
    output.text += text.substr(0, kMaxTextBytes - std::min(kMaxTextBytes, output.text.size()));
  }
  if (output.text.empty() && !output.structured.is_null()) output.text = output.structured.Dump();
  return output;
}

}  // namespace atelier
