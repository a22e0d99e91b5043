#include "agent/protocol/mcp_config.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

constexpr size_t kMaxNameBytes = 40;
constexpr size_t kMaxServers = 200;
constexpr size_t kMaxExpandedBytes = 64 << 10;
constexpr double kMaxTimeoutSeconds = 86'400;
// What an editor has to fill in before anybody else can use it.
constexpr std::string_view kInput = "input:";

bool IsServerName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name.find_first_of("/\\\n\r\t") == std::string_view::npos;
}

// Comments, and commas before a closing bracket, become blanks.
std::string WithoutComments(std::string_view text) {
  std::string out(text);
  size_t comma = std::string::npos;  // the last one with nothing but blanks after it
  for (size_t i = 0; i < out.size(); ++i) {
    const char c = out[i];
    if (c == '"') {
      for (++i; i < out.size() && out[i] != '"'; ++i) i += out[i] == '\\' ? 1 : 0;
      comma = std::string::npos;
    } else if (out.compare(i, 2, "//") == 0) {
      for (; i < out.size() && out[i] != '\n'; ++i) out[i] = ' ';
    } else if (out.compare(i, 2, "/*") == 0) {
      const size_t end = std::min(out.find("*/", i + 2), out.size());
      for (const size_t last = std::min(end + 2, out.size()); i < last; ++i) out[i] = out[i] == '\n' ? '\n' : ' ';
      --i;
    } else if (c == ',') {
      comma = i;
    } else if ((c == '}' || c == ']') && comma != std::string::npos) {
      out[comma] = ' ';
      comma = std::string::npos;
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      comma = std::string::npos;
    }
  }
  return out;
}

// Where the servers stand, by the shapes that there are.
const Json* FindServers(const Json& file) {
  for (const char* key : {"mcpServers", "servers"}) {
    if (const Json* found = file.Find(key); found != nullptr && found->is_object()) return found;
  }
  const Json& settings = file["mcp"];
  return settings["servers"].is_object() ? settings.Find("servers") : nullptr;
}

// What we know of an entry; the rest is some editor's own.
Json KnownKeysOf(const Json& entry) {
  Json known = Json::Object();
  for (const Field& field : McpServerConfig::Describe()) {
    if (const Json* value = field.fate == Fate::kHonoured ? entry.Find(field.key) : nullptr) {
      known.Set(std::string(field.key), *value);
    }
  }
  return known;
}

struct Expansion {
  const McpVariables& variables;
  const std::string& folder;

  Result<std::string> ValueOf(const std::string& name) const {
    if (name.starts_with(kInput)) {
      return Error::Invalid({}, "wants the input '" + name.substr(kInput.size(), 80) +
                                    "', which an editor asks its user for; write it as ${env:NAME} here");
    }
    if (name == "userHome") return variables("HOME").value_or("");
    if (name == "workspaceFolder") return folder;
    if (name == "workspaceFolderBasename") return std::filesystem::path(folder).filename().string();
    if (name == "pathSeparator" || name == "/") return std::string("/");
    const size_t fallback = name.find(":-");
    std::string variable = name.substr(0, fallback);
    if (variable.starts_with("env:")) variable.erase(0, 4);
    const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (variable.empty() || !std::ranges::all_of(variable, fits)) {
      return Error::Invalid({}, "got ${" + name.substr(0, 80) + "}, want the name of a variable");
    }
    const auto value = variables(variable);
    if (value && !(value->empty() && fallback != std::string::npos)) return *value;
    if (fallback != std::string::npos) return name.substr(fallback + 2);
    return Error::Invalid({}, "the variable " + variable + " is not set");
  }

  // What is put in is not looked at again.
  Result<void> Expand(std::string& text) const {
    std::string out;
    size_t at = 0;
    for (size_t begin = text.find("${"); begin != std::string::npos; begin = text.find("${", at)) {
      const size_t end = text.find('}', begin);
      if (end == std::string::npos) break;
      TRY(const std::string value, ValueOf(text.substr(begin + 2, end - begin - 2)));
      out.append(text, at, begin - at).append(value);
      at = end + 1;
      if (out.size() > kMaxExpandedBytes) return Error::TooLarge({}, "longer than 64 KiB with its variables");
    }
    text = out.append(text, at);
    return {};
  }
};

Result<void> ExpandAll(const Expansion& expansion, const std::string& key, std::map<std::string, std::string>& values) {
  for (auto& [name, value] : values) {
    auto done = expansion.Expand(value);
    if (!done.ok()) return std::move(done).error().Under(key + "." + name);
  }
  return {};
}

}  // namespace

Fields McpServerConfig::Describe() {
  using C = McpServerConfig;
  static constexpr Field fields[] = {
      Key<&C::type>("type", "how it is reached; without, by what is there")
          .OneOf("|stdio|http|streamable-http|streamableHttp|sse"),
      Key<&C::command>("command", "the program to start"),
      Key<&C::args>("args", "its arguments"),
      Key<&C::env>("env", "its variables, beside PATH, HOME and the like"),
      Key<&C::cwd>("cwd", "the folder it runs in"),
      Key<&C::url>("url", "of a server that runs already"),
      Key<&C::headers>("headers", "that each request carries, for keys"),
      Key<&C::disabled>("disabled", "as if it were not there"),
      Key<&C::tools>("tools", "globs of its tools that may be used, by its own names"),
      Key<&C::trusted>("trusted", "its definitions need no approval, and are believed"),
      Key<&C::needs_approval>("needs_approval", "whether a person is asked before each call"),
      Key<&C::resources>("resources", "whether agents may read its resources and prompts"),
      Key<&C::connector>("connector", "whether clients of /v1/responses may name it as connector_id"),
      Key<&C::timeout_seconds>("timeout_seconds", "that a call may take").Between(0.1, kMaxTimeoutSeconds),
      Ignored("autoApprove", "an editor's own"),
      Ignored("alwaysAllow", "an editor's own"),
      Ignored("description", "an editor's own"),
      Ignored("gallery", "an editor's own"),
      Ignored("version", "an editor's own"),
  };
  return fields;
}

Result<void> CheckMcpServer(const std::string& name, const McpServerConfig& config) {
  if (!IsServerName(name)) return Error::Invalid({}, "want a name of 1 to 40 bytes, without slashes and line breaks");
  if (config.command.empty() == config.url.empty()) {
    return Error::Invalid({}, config.url.empty() ? "got neither command nor url, want one of them"
                                                 : "got both command and url, want one of them");
  }
  if (!config.type.empty() && (config.type == "stdio") != config.is_program()) {
    return Error::Invalid(
        "type", "got '" + config.type + "' of a server with " + (config.is_program() ? "a command" : "a url"));
  }
  if (config.type == "sse") {
    return Error::Unsupported("type", "got 'sse', the transport of 2024-11-05; want the server's streamable HTTP URL");
  }
  return {};
}

Result<McpServerConfigs> ReadMcpServersFile(std::string_view text, const std::string& path) {
  auto file = Json::Parse(WithoutComments(text));
  if (!file.ok()) return std::move(file).error().Under(path);
  const Json* servers = FindServers(*file);
  if (servers == nullptr) return Error::Invalid(path, "got neither mcpServers nor servers, want an object of servers");
  if (servers->members().size() > kMaxServers) return Error::TooLarge(path, "got more than 200 servers");
  std::error_code ignored;
  std::filesystem::path folder = std::filesystem::absolute(path, ignored).parent_path();
  if (folder.filename() == ".vscode" || folder.filename() == ".cursor") folder = folder.parent_path();
  McpServerConfigs configs;
  for (const JsonMember& member : servers->members()) {
    const std::string where = path + ": " + member.key.substr(0, 80);
    if (!member.value.is_object()) return Error::Invalid(where, "want an object");
    auto read = ReadJson<McpServerConfig>(KnownKeysOf(member.value));
    if (!read.ok()) return std::move(read).error().Under(where);
    read->folder = folder.string();
    configs.insert_or_assign(member.key, *std::move(read));
  }
  return configs;
}

Result<McpServerConfig> ExpandMcpServer(McpServerConfig config, const McpVariables& variables) {
  const std::string folder = config.folder;
  const Expansion expansion{variables, folder};
  for (const auto& [key, text] :
       {std::pair("command", &config.command), std::pair("cwd", &config.cwd), std::pair("url", &config.url)}) {
    auto done = expansion.Expand(*text);
    if (!done.ok()) return std::move(done).error().Under(key);
  }
  for (size_t i = 0; i < config.args.size(); ++i) {
    auto done = expansion.Expand(config.args[i]);
    if (!done.ok()) return std::move(done).error().Under("args[" + std::to_string(i) + "]");
  }
  TRY_VOID(ExpandAll(expansion, "env", config.env));
  TRY_VOID(ExpandAll(expansion, "headers", config.headers));
  return config;
}

std::optional<std::string> EnvironmentVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace atelier
