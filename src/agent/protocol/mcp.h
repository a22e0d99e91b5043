// The Model Context Protocol, in the words that its client and its server share.   [modelcontextprotocol.io]
//
// Two eras are spoken. Up to 2025-11-25 a session begins with `initialize`, and a server asks its client by requests of
// its own. From 2026-07-28 on each request stands alone: it tells revision and capabilities in `_meta`, and what a
// server has to ask comes as a result of type `input_required`, after which the client asks again with the answers.
//
// Definitions of tools, resources and prompts, content and results are Json in the protocol's own words: most are made
// in one place and read in another program, and what we do not know of them must not be lost on the way.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/json_rpc.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

inline constexpr std::string_view kMcpStateless = "2026-07-28";
inline constexpr std::string_view kMcpStateful = "2025-11-25";

// Every revision that is spoken here, the newest first.
std::span<const std::string_view> McpRevisions();
Json McpRevisionsJson();
bool IsMcpRevision(std::string_view revision);
// Of those spoken: with `initialize` and a session.
bool IsStatefulMcp(std::string_view revision);

struct McpFault {
  static constexpr int64_t kHeaderMismatch = -32020;
  static constexpr int64_t kMissingCapability = -32021;
  static constexpr int64_t kUnsupportedRevision = -32022;
  static constexpr int64_t kResourceNotFound = -32002;  // of the stateful revisions; kInvalidParams since
  // Of the newer era: who answers with one speaks it.
  static bool IsStateless(int64_t code) { return code >= kUnsupportedRevision && code <= kHeaderMismatch; }
};

// Keys of `_meta`.
inline constexpr std::string_view kMcpMetaRevision = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMcpMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMcpMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMcpMetaLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kMcpMetaServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kMcpMetaSubscription = "io.modelcontextprotocol/subscriptionId";
inline constexpr std::string_view kMcpTasks = "io.modelcontextprotocol/tasks";

// By rising urgency, as in RFC 5424.
enum class McpLogLevel { kDebug, kInfo, kNotice, kWarning, kError, kCritical, kAlert, kEmergency };
std::string_view McpLogLevelName(McpLogLevel level);
std::optional<McpLogLevel> ReadMcpLogLevel(const Json& name);

// Whether the request carries the newer era's `_meta`, whatever is in it.
bool HasStatelessMeta(const RpcMessage& message);

// Content.
Json McpText(std::string_view text);
// {"content": [text]}; an error says so.
Json McpTextResult(std::string_view text, bool is_error = false);

// The value of a header for `text`: as it is, or in the protocol's wrapping of Base64 where a header cannot carry it.
std::string EncodeMcpHeader(std::string_view text);
// What a header's value stands for. Errors: kInvalid where the wrapping holds no Base64.
Result<std::string> DecodeMcpHeader(std::string_view value);

// A parameter of a tool that is mirrored in a header: "x-mcp-header" in the tool's input schema.
struct McpMirroredParameter {
  std::string header;             // what follows "Mcp-Param-"
  std::vector<std::string> path;  // names of properties, from the arguments on
  std::string type;               // "string", "integer" or "boolean"
};
// Errors: kInvalid where an annotation breaks the rules, by the property; such a tool is not to be used over HTTP.
Result<std::vector<McpMirroredParameter>> MirroredParameters(const Json& input_schema);
// The value at the parameter's path as a header says it; nothing where there is none (or null).
std::optional<std::string> MirroredValue(const McpMirroredParameter& parameter, const Json& arguments);

// What `Mcp-Name` says of a request: the tool, prompt or resource; nothing where the method has no such header.
std::optional<std::string> McpNameOf(const RpcMessage& request);

}  // namespace atelier
