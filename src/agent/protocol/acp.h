// The Agent Client Protocol, by which an editor talks to an agent: version 1, JSON-RPC a line over stdio. What requests
// may say, as described structs, and the words of updates and questions.   [agentclientprotocol.com, schema v1]
//
//   client -> agent   initialize, authenticate, session/new|load|resume|list|close|delete|prompt|set_mode|
//                     set_config_option; notified: session/cancel, $/cancel_request
//   agent -> client   session/request_permission, elicitation/create, fs/read_text_file, fs/write_text_file,
//                     terminal/create|output|wait_for_exit|kill|release; notified: session/update
//
// Keys that are not known are ignored, as the protocol wants it ("_meta", later additions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/json_rpc.h"
#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/describe_json.h"
#include "base/text/json.h"

namespace atelier {

inline constexpr int64_t kAcpVersion = 1;

struct AcpErrorCode {
  static constexpr int64_t kCancelled = -32800;
  static constexpr int64_t kAuthRequired = -32000;
  static constexpr int64_t kNotFound = -32002;  // a session, a file
};

struct AcpVariable {
  std::string name, value;
  static Fields Describe();
};

// Of an editor's configuration. `type` is empty of stdio.
struct AcpMcpServer {
  std::string type, name, command, url;
  std::vector<std::string> args;
  std::vector<AcpVariable> env, headers;
  static Fields Describe();
};

struct AcpInitialize {
  int64_t protocol_version = 0;
  Json client_capabilities;
  static Fields Describe();
};

struct AcpAuthenticate {
  std::string method_id;
  static Fields Describe();
};

// session/new, load and resume; the id is empty of the first.
struct AcpSessionSetup {
  std::string session_id, cwd;
  std::vector<std::string> additional_directories;
  std::vector<AcpMcpServer> mcp_servers;
  static Fields Describe();
};

struct AcpListSessions {
  std::optional<std::string> cwd, cursor;
  static Fields Describe();
};

// session/close, delete, cancel.
struct AcpSessionId {
  std::string session_id;
  static Fields Describe();
};

struct AcpSetMode {
  std::string session_id, mode_id;
  static Fields Describe();
};

struct AcpSetConfigOption {
  std::string session_id, config_id;
  Json value;  // a text, or true or false
  static Fields Describe();
};

struct AcpPrompt {
  std::string session_id;
  Json prompt;  // content blocks
  static Fields Describe();
};

// Errors: kInvalid naming the key. Unknown keys are passed over.
template <Described T>
Result<T> ReadAcp(const Json& params) {
  return ReadJson<T>(params.is_null() ? Json::Object() : params, {.refuse_unknown = false});
}

// What a client says it can do.
struct AcpClientAbilities {
  bool read_files = false, write_files = false, terminal = false;
  bool elicit_forms = false, notices = false, boolean_options = false;
  static AcpClientAbilities Of(const Json& capabilities);
};

// The code that a client is answered with.
RpcError AcpFault(const Error& error);

// What a prompt's blocks say to a model, as one text. Errors: more than is borne with; kinds of content that the agent
// has not declared (pictures, sounds).
Result<std::string> AcpPromptText(const Json& blocks);

inline constexpr std::string_view kAcpEndTurn = "end_turn";
inline constexpr std::string_view kAcpMaxTokens = "max_tokens";
inline constexpr std::string_view kAcpMaxTurnRequests = "max_turn_requests";
inline constexpr std::string_view kAcpRefusal = "refusal";
inline constexpr std::string_view kAcpCancelled = "cancelled";

// Updates, as session/update carries them.
Json AcpText(std::string text);  // a content block
Json AcpChunk(std::string_view update, std::string text, std::string message_id);
Json AcpNotice(std::string_view severity, std::string title, std::string description);

}  // namespace atelier
