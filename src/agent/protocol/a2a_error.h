// What goes wrong in A2A, in the words of each binding: a number in JSON-RPC, a status and a google.rpc.Status in
// HTTP+JSON. Inside it is an Error whose code is the reason, "TASK_NOT_FOUND".   [A2A 1.0.1, 5.4, 9.5, 11.6]
#pragma once

#include <string>
#include <string_view>

#include "base/net/json_rpc.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

namespace a2a_reason {
inline constexpr std::string_view kTaskNotFound = "TASK_NOT_FOUND";
inline constexpr std::string_view kNotCancelable = "TASK_NOT_CANCELABLE";
inline constexpr std::string_view kNoPush = "PUSH_NOTIFICATION_NOT_SUPPORTED";
inline constexpr std::string_view kUnsupported = "UNSUPPORTED_OPERATION";
inline constexpr std::string_view kContentType = "CONTENT_TYPE_NOT_SUPPORTED";
inline constexpr std::string_view kBadResponse = "INVALID_AGENT_RESPONSE";
inline constexpr std::string_view kNoExtendedCard = "EXTENDED_AGENT_CARD_NOT_CONFIGURED";
inline constexpr std::string_view kExtension = "EXTENSION_SUPPORT_REQUIRED";
inline constexpr std::string_view kVersion = "VERSION_NOT_SUPPORTED";
}  // namespace a2a_reason

Error A2aError(std::string_view reason, std::string where, std::string what);

// The HTTP status of an error, A2A's or any other.
int A2aHttpStatus(const Error& error);
// {"code", "message", "data": [{"@type", …}]} of JSON-RPC.
RpcError A2aRpcError(const Error& error);
// {"error": {"code", "status", "message", "details"}} of HTTP+JSON.
Json A2aHttpError(const Error& error, int status);

// The other way round, of a server's answer.
Error ReadA2aRpcError(const RpcError& error);
Error ReadA2aHttpError(int status, const Json& body);

}  // namespace atelier
