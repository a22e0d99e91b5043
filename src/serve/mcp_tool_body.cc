#include "serve/mcp_tool_body.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/net/http_client.h"

namespace atelier {
namespace {

constexpr size_t kMaxServers = 16;
constexpr size_t kMaxNames = 512;
constexpr size_t kMaxHeaders = 32;

Error Wrong(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

bool IsLabel(std::string_view label) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  return !label.empty() && label.size() <= 64 && std::ranges::all_of(label, fits);
}

Result<std::vector<std::string>> NamesOf(const Json& list) {
  if (list.size() > static_cast<int64_t>(kMaxNames)) return Wrong({}, "got more than 512 names");
  std::vector<std::string> names;
  for (const Json& name : list.items()) {
    if (!name.is_string()) return Wrong({}, "got " + std::string(name.TypeName()) + ", want names of tools");
    names.push_back(name.AsString());
  }
  return names;
}

// A list of names, or {"tool_names", "read_only"}.
Result<McpToolFilter> FilterOf(const Json& given) {
  McpToolFilter filter;
  const Json& names = given.is_array() ? given : given["tool_names"];
  if (!given.is_array() && !given.is_object()) {
    return Wrong({}, "got " + std::string(given.TypeName()) + ", want names of tools or a filter");
  }
  if (names.is_array()) {
    TRY(filter.names, NamesOf(names));
  }
  const Json& read_only = given.is_object() ? given["read_only"] : Json();
  if (read_only.is_bool()) filter.read_only = read_only.AsBool();
  if (!filter.names && !filter.read_only) return Wrong({}, "got a filter of nothing, want tool_names or read_only");
  return filter;
}

Result<void> ReadApproval(const Json& given, McpToolUse& use) {
  if (given.is_null() || given == Json("always")) return {};
  if (given == Json("never")) {
    use.always = false;
    return {};
  }
  if (!given.is_object()) return Wrong({}, "got " + given.Dump().substr(0, 64) + ", want always, never or filters");
  // With a list of those that are asked for alone, the others are not.
  const Json &always = given["always"], &never = given["never"];
  if (!always.is_null()) {
    TRY(use.ask, FilterOf(always));
  }
  if (!never.is_null()) {
    TRY(use.never, FilterOf(never));
  }
  if (use.ask && !use.never) use.always = false;
  return {};
}

Result<void> ReadHeaders(const Json& given, const std::string& authorization, HttpHeaders& headers) {
  if (!given.is_null() && !given.is_object()) return Wrong("headers", "want an object of texts");
  if (given.is_object()) {
    if (given.size() > static_cast<int64_t>(kMaxHeaders)) return Wrong("headers", "got more than 32");
    for (const JsonMember& member : given.members()) {
      if (!member.value.is_string()) return Wrong("headers." + member.key.substr(0, 64), "want a text");
      headers.Set(member.key, member.value.AsString());
    }
  }
  if (!authorization.empty()) headers.Set("Authorization", "Bearer " + authorization);
  return {};
}

Result<McpToolUse> UseOf(const ResponseToolBody& tool) {
  McpToolUse use;
  use.label = tool.server_label;
  if (!IsLabel(use.label)) return Wrong("server_label", "want 1 to 64 letters, digits, '_' or '-'");
  use.url = tool.server_url, use.connector = tool.connector_id;
  if (use.url.empty() == use.connector.empty()) return Wrong("server_url", "want either server_url or connector_id");
  if (!use.url.empty()) {
    const auto url = Url::Parse(use.url);
    if (!url.ok()) return Error(url.error()).Under("server_url").WithCode("invalid_value");
  }
  TRY_VOID(ReadHeaders(tool.headers, tool.authorization, use.headers));
  if (!tool.allowed_tools.is_null()) {
    auto filter = FilterOf(tool.allowed_tools);
    if (!filter.ok()) return std::move(filter).error().Under("allowed_tools");
    use.allowed = *std::move(filter);
  }
  auto approval = ReadApproval(tool.require_approval, use);
  if (!approval.ok()) return std::move(approval).error().Under("require_approval");
  return use;
}

}  // namespace

bool McpToolFilter::Matches(const std::string& name, bool is_read_only) const {
  if (read_only && *read_only != is_read_only) return false;
  return !names || std::ranges::find(*names, name) != names->end();
}

bool McpToolUse::WantsApproval(const std::string& name, bool is_read_only) const {
  if (ask && ask->Matches(name, is_read_only)) return true;
  if (never && never->Matches(name, is_read_only)) return false;
  return always;
}

Result<std::vector<McpToolUse>> McpUsesOf(const ResponsesBody& body) {
  std::vector<McpToolUse> uses;
  for (size_t i = 0; i < body.tools.size(); ++i) {
    if (body.tools[i].type != kMcpTool) continue;
    const std::string where = "tools[" + std::to_string(i) + "]";
    auto use = UseOf(body.tools[i]);
    if (!use.ok()) return std::move(use).error().Under(where);
    if (std::ranges::find(uses, use->label, &McpToolUse::label) != uses.end()) {
      return Wrong(where + ".server_label", "got '" + use->label + "' again, want labels that differ");
    }
    uses.push_back(*std::move(use));
    if (uses.size() > kMaxServers) return Wrong("tools", "got more than 16 MCP servers");
  }
  return uses;
}

Json McpToolEcho(const ResponseToolBody& tool) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  Json echo = Json::Object({{"type", kMcpTool},
                            {"server_label", tool.server_label},
                            {"server_url", or_null(tool.server_url)},
                            {"allowed_tools", tool.allowed_tools},
                            {"headers", nullptr}});
  if (!tool.server_description.empty()) echo.Set("server_description", tool.server_description);
  if (!tool.connector_id.empty()) echo.Set("connector_id", tool.connector_id);
  echo.Set("require_approval", tool.require_approval.is_null() ? Json("always") : tool.require_approval);
  return echo;
}

}  // namespace atelier
