#include "agent/protocol/mcp.h"

#include <algorithm>
#include <array>

#include "base/text/base64.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 3> kRevisions = {kMcpStateless, kMcpStateful, "2025-06-18"};
constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};
constexpr std::string_view kWrapBegin = "=?base64?";
constexpr std::string_view kWrapEnd = "?=";
constexpr std::string_view kAnnotation = "x-mcp-header";
constexpr int kMaxSchemaDepth = 64;

bool IsWrapped(std::string_view text) {
  return text.size() >= kWrapBegin.size() + kWrapEnd.size() && text.starts_with(kWrapBegin) && text.ends_with(kWrapEnd);
}

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Collects the annotations that stand where a chain of `properties` leads, and refuses them anywhere else.
class Annotations {
 public:
  Result<std::vector<McpMirroredParameter>> Read(const Json& schema) {
    TRY_VOID(Walk(schema, true, 0));
    return std::move(found_);
  }

 private:
  // `reachable`: by a chain of properties from the root.
  Result<void> Walk(const Json& schema, bool reachable, int depth) {
    if (depth > kMaxSchemaDepth) return Error::Invalid({}, "the schema is nested too deeply");
    if (schema.is_array()) {
      for (const Json& item : schema.items()) TRY_VOID(Walk(item, false, depth + 1));
      return {};
    }
    if (!schema.is_object()) return {};
    if (const Json* name = schema.Find(kAnnotation)) TRY_VOID(Take(*name, schema, reachable));
    for (const JsonMember& member : schema.members()) {
      if (member.key == "properties" && member.value.is_object()) {
        TRY_VOID(WalkProperties(member.value, reachable, depth));
      } else if (member.key != "enum" && member.key != "const" && member.key != "default" && member.key != "examples") {
        TRY_VOID(Walk(member.value, false, depth + 1));
      }
    }
    return {};
  }
  Result<void> WalkProperties(const Json& properties, bool reachable, int depth) {
    for (const JsonMember& property : properties.members()) {
      path_.push_back(property.key);
      if (auto walked = Walk(property.value, reachable, depth + 1); !walked) {
        return std::move(walked).error().Under(property.key);
      }
      path_.pop_back();
    }
    return {};
  }
  Result<void> Take(const Json& name, const Json& schema, bool reachable) {
    const std::string where(kAnnotation);
    if (!reachable || path_.empty()) return Error::Invalid(where, "stands where no chain of properties leads");
    if (!name.is_string() || name.AsString().empty() || !std::ranges::all_of(name.AsString(), IsTokenCharacter)) {
      return Error::Invalid(where, "want a name made of the characters of a header's");
    }
    const Json& type = schema["type"];
    const std::string type_name = type.is_string() ? type.AsString() : "";
    if (type_name != "string" && type_name != "integer" && type_name != "boolean") {
      return Error::Invalid(where, "got a parameter of type '" + type_name + "', want string, integer or boolean");
    }
    for (const McpMirroredParameter& other : found_) {
      if (Lower(other.header) == Lower(name.AsString())) {
        return Error::Invalid(where, "got '" + name.AsString() + "' twice, want it once");
      }
    }
    found_.push_back({.header = name.AsString(), .path = path_, .type = type_name});
    return {};
  }

  std::vector<std::string> path_;
  std::vector<McpMirroredParameter> found_;
};

}  // namespace

std::span<const std::string_view> McpRevisions() { return kRevisions; }

Json McpRevisionsJson() {
  Json list = Json::Array();
  for (const std::string_view revision : kRevisions) list.Push(revision);
  return list;
}

bool IsMcpRevision(std::string_view revision) { return std::ranges::find(kRevisions, revision) != kRevisions.end(); }

bool IsStatefulMcp(std::string_view revision) { return IsMcpRevision(revision) && revision != kMcpStateless; }

std::string_view McpLogLevelName(McpLogLevel level) { return kLevels[static_cast<size_t>(level)]; }

std::optional<McpLogLevel> ReadMcpLogLevel(const Json& name) {
  if (!name.is_string()) return std::nullopt;
  const auto found = std::ranges::find(kLevels, name.AsString());
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<McpLogLevel>(found - kLevels.begin());
}

bool HasStatelessMeta(const RpcMessage& message) {
  if (!message.params.is_object()) return false;
  const Json& meta = message.params["_meta"];
  return meta.Has(kMcpMetaRevision) || meta.Has(kMcpMetaCapabilities);
}

Json McpText(std::string_view text) { return Json::Object({{"type", "text"}, {"text", text}}); }

Json McpTextResult(std::string_view text, bool is_error) {
  Json result = Json::Object({{"content", Json::Array({McpText(text)})}});
  if (is_error) result.Set("isError", true);
  return result;
}

std::string EncodeMcpHeader(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  const bool padded = !text.empty() && (is_space(text.front()) || is_space(text.back()));
  if (plain && !padded && !IsWrapped(text)) return std::string(text);
  return std::string(kWrapBegin) + Base64Encode(text) + std::string(kWrapEnd);
}

Result<std::string> DecodeMcpHeader(std::string_view value) {
  if (!IsWrapped(value)) return std::string(value);
  value.remove_prefix(kWrapBegin.size());
  value.remove_suffix(kWrapEnd.size());
  return Base64Decode(value);
}

Result<std::vector<McpMirroredParameter>> MirroredParameters(const Json& input_schema) {
  return Annotations().Read(input_schema);
}

std::optional<std::string> MirroredValue(const McpMirroredParameter& parameter, const Json& arguments) {
  const Json* value = &arguments;
  for (const std::string& name : parameter.path) {
    value = value->Find(name);
    if (value == nullptr) return std::nullopt;
  }
  if (value->is_string()) return value->AsString();
  if (value->is_bool()) return value->AsBool() ? "true" : "false";
  if (value->is_number()) {
    if (const auto integer = value->AsInt64()) return std::to_string(*integer);
    return value->NumberText();
  }
  return std::nullopt;
}

std::optional<std::string> McpNameOf(const RpcMessage& request) {
  const auto text = [&](const char* key) -> std::optional<std::string> {
    const Json& value = request.params[key];
    if (!value.is_string()) return std::nullopt;
    return value.AsString();
  };
  if (request.method == "tools/call" || request.method == "prompts/get") return text("name");
  if (request.method == "resources/read") return text("uri");
  if (request.method == "tasks/get" || request.method == "tasks/update" || request.method == "tasks/cancel") {
    return text("taskId");
  }
  return std::nullopt;
}

}  // namespace atelier
