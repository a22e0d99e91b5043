#include "agent/protocol/acp.h"

#include <utility>

namespace atelier {
namespace {

constexpr int64_t kMaxIdBytes = 256;
constexpr int64_t kMaxPathBytes = 4096;
constexpr int64_t kMaxServers = 32, kMaxArguments = 256, kMaxDirectories = 64;
constexpr int64_t kMaxBlocks = 1000;
constexpr size_t kMaxPromptBytes = 4 << 20;  // more than any context holds

bool Says(const Json& json, std::string_view key) { return json.is_object() && json[key] == Json(true); }
bool Has(const Json& json, std::string_view key) { return json.is_object() && json[key].is_object(); }
std::string TextAt(const Json& json, std::string_view key) {
  return json.is_object() && json[key].is_string() ? json[key].AsString() : std::string();
}

}  // namespace

Fields AcpVariable::Describe() {
  static constexpr Field fields[] = {
      Key<&AcpVariable::name>("name", "of the variable, or header").Required().AtMostBytes(kMaxIdBytes),
      Key<&AcpVariable::value>("value", "what it is").AtMostBytes(1 << 16),
  };
  return fields;
}

Fields AcpMcpServer::Describe() {
  using S = AcpMcpServer;
  static constexpr Field fields[] = {
      Key<&S::type>("type", "http; without, stdio").AtMostBytes(kMaxIdBytes),
      Key<&S::name>("name", "before the names of its tools").Required().AtMostBytes(kMaxIdBytes),
      Key<&S::command>("command", "the program").AtMostBytes(kMaxPathBytes),
      Key<&S::url>("url", "of http").AtMostBytes(kMaxPathBytes),
      Key<&S::headers>("headers", "of each request to it").AtMostItems(kMaxArguments),
      Key<&S::args>("args", "its arguments").AtMostItems(kMaxArguments),
      Key<&S::env>("env", "its variables").AtMostItems(kMaxArguments),
  };
  return fields;
}

Fields AcpInitialize::Describe() {
  using I = AcpInitialize;
  static constexpr Field fields[] = {
      Key<&I::protocol_version>("protocolVersion", "the newest that the client speaks").Required(),
      Key<&I::client_capabilities>("clientCapabilities", "what it can do"),
  };
  return fields;
}

Fields AcpAuthenticate::Describe() {
  static constexpr Field fields[] = {
      Key<&AcpAuthenticate::method_id>("methodId", "one of authMethods").Required().AtMostBytes(kMaxIdBytes),
  };
  return fields;
}

Fields AcpSessionSetup::Describe() {
  using S = AcpSessionSetup;
  static constexpr Field fields[] = {
      Key<&S::session_id>("sessionId", "of load and resume").AtMostBytes(kMaxIdBytes),
      Key<&S::cwd>("cwd", "the folder that is worked in").Required().AtMostBytes(kMaxPathBytes),
      Key<&S::additional_directories>("additionalDirectories", "further ones").AtMostItems(kMaxDirectories),
      Key<&S::mcp_servers>("mcpServers", "whose tools are to be had").AtMostItems(kMaxServers),
  };
  return fields;
}

Fields AcpListSessions::Describe() {
  static constexpr Field fields[] = {
      Key<&AcpListSessions::cwd>("cwd", "only those of this folder").AtMostBytes(kMaxPathBytes),
      Key<&AcpListSessions::cursor>("cursor", "nextCursor of the page before").AtMostBytes(kMaxIdBytes),
  };
  return fields;
}

Fields AcpSessionId::Describe() {
  static constexpr Field fields[] = {
      Key<&AcpSessionId::session_id>("sessionId", "which session").Required().AtMostBytes(kMaxIdBytes),
  };
  return fields;
}

Fields AcpSetMode::Describe() {
  static constexpr Field fields[] = {
      Key<&AcpSetMode::session_id>("sessionId", "which session").Required().AtMostBytes(kMaxIdBytes),
      Key<&AcpSetMode::mode_id>("modeId", "one of availableModes").Required().AtMostBytes(kMaxIdBytes),
  };
  return fields;
}

Fields AcpSetConfigOption::Describe() {
  using S = AcpSetConfigOption;
  static constexpr Field fields[] = {
      Key<&S::session_id>("sessionId", "which session").Required().AtMostBytes(kMaxIdBytes),
      Key<&S::config_id>("configId", "one of configOptions").Required().AtMostBytes(kMaxIdBytes),
      Key<&S::value>("value", "one of its values").Required(),
  };
  return fields;
}

Fields AcpPrompt::Describe() {
  static constexpr Field fields[] = {
      Key<&AcpPrompt::session_id>("sessionId", "which session").Required().AtMostBytes(kMaxIdBytes),
      Key<&AcpPrompt::prompt>("prompt", "content blocks").Required(),
  };
  return fields;
}

AcpClientAbilities AcpClientAbilities::Of(const Json& capabilities) {
  AcpClientAbilities abilities;
  if (!capabilities.is_object()) return abilities;
  const Json& files = capabilities["fs"];
  abilities.read_files = Says(files, "readTextFile"), abilities.write_files = Says(files, "writeTextFile");
  abilities.terminal = Says(capabilities, "terminal");
  abilities.elicit_forms = Has(capabilities["elicitation"], "form");
  const Json& session = capabilities["session"];
  abilities.notices = Has(session, "notices");
  abilities.boolean_options = session.is_object() && Has(session["configOptions"], "boolean");
  return abilities;
}

RpcError AcpFault(const Error& error) {
  RpcError fault{.code = RpcError::kInternal, .message = error.Message(), .data = {}};
  switch (error.kind) {
    case ErrorKind::kInvalid:
    case ErrorKind::kTooLarge:
    case ErrorKind::kUnsupported: fault.code = RpcError::kInvalidParams; break;
    case ErrorKind::kConflict: fault.code = RpcError::kInvalidRequest; break;
    case ErrorKind::kNotFound: fault.code = AcpErrorCode::kNotFound; break;
    case ErrorKind::kDenied: fault.code = AcpErrorCode::kAuthRequired; break;
    case ErrorKind::kCancelled: fault.code = AcpErrorCode::kCancelled; break;
    default: break;
  }
  if (!error.code.empty()) fault.data = Json::Object({{"code", error.code}});
  return fault;
}

Result<std::string> AcpPromptText(const Json& blocks) {
  if (!blocks.is_array() || blocks.empty() || blocks.size() > kMaxBlocks) {
    return Error::Invalid("prompt", "got " + blocks.Dump().substr(0, 64) + ", want an array of 1 to " +
                                        std::to_string(kMaxBlocks) + " content blocks");
  }
  std::string text;
  for (int64_t i = 0; i < blocks.size(); ++i) {
    const Json& block = blocks[i];
    const std::string type = TextAt(block, "type");
    std::string part;
    if (type == "text") {
      part = TextAt(block, "text");
    } else if (type == "resource_link") {
      part = "[" + TextAt(block, "name") + "](" + TextAt(block, "uri") + ")";
    } else if (type == "resource" && block["resource"].is_object() && block["resource"]["text"].is_string()) {
      const Json& resource = block["resource"];
      part = "\n<context uri=" + Json(TextAt(resource, "uri")).Dump() + ">\n" + TextAt(resource, "text") +
             "\n</context>\n";
    } else {
      return Error::Unsupported("prompt[" + std::to_string(i) + "]",
                                "got " + (type.empty() ? "no type" : "'" + type.substr(0, 32) + "'") +
                                    ", want text, resource_link or a resource with text");
    }
    if (text.size() + part.size() > kMaxPromptBytes) {
      return Error::TooLarge("prompt", "got more than " + std::to_string(kMaxPromptBytes) + " bytes of text");
    }
    text += part;
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error::Invalid("prompt", "got blocks without text, want some");
  }
  return text;
}

Json AcpText(std::string text) { return Json::Object({{"type", "text"}, {"text", std::move(text)}}); }

Json AcpChunk(std::string_view update, std::string text, std::string message_id) {
  Json chunk = Json::Object({{"sessionUpdate", update}, {"content", AcpText(std::move(text))}});
  if (!message_id.empty()) chunk.Set("messageId", std::move(message_id));
  return chunk;
}

Json AcpNotice(std::string_view severity, std::string title, std::string description) {
  Json notice = Json::Object({{"sessionUpdate", "notice"}, {"severity", severity}, {"title", std::move(title)}});
  if (!description.empty()) notice.Set("description", std::move(description));
  return notice;
}

}  // namespace atelier
