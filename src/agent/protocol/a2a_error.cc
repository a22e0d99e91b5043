#include "agent/protocol/a2a_error.h"

#include <algorithm>
#include <array>

#include "base/net/http.h"

namespace atelier {
namespace {

constexpr std::string_view kDomain = "a2a-protocol.org";
constexpr std::string_view kErrorInfo = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr std::string_view kBadRequest = "type.googleapis.com/google.rpc.BadRequest";

struct Row {
  std::string_view reason;
  int64_t rpc;
  int http;
  std::string_view status;
  ErrorKind kind;
};
// 409, 415 and 502 are 1.0.0's; 1.0.1 words them 400 and 500, and the conformance kit wants 1.0.0's. Clients go by the
// reason.
constexpr std::array<Row, 9> kRows = {{
    {a2a_reason::kTaskNotFound, -32001, 404, "NOT_FOUND", ErrorKind::kNotFound},
    {a2a_reason::kNotCancelable, -32002, 409, "FAILED_PRECONDITION", ErrorKind::kConflict},
    {a2a_reason::kNoPush, -32003, 400, "FAILED_PRECONDITION", ErrorKind::kUnsupported},
    {a2a_reason::kUnsupported, -32004, 400, "FAILED_PRECONDITION", ErrorKind::kUnsupported},
    {a2a_reason::kContentType, -32005, 415, "INVALID_ARGUMENT", ErrorKind::kInvalid},
    {a2a_reason::kBadResponse, -32006, 502, "INTERNAL", ErrorKind::kCorrupt},
    {a2a_reason::kNoExtendedCard, -32007, 400, "FAILED_PRECONDITION", ErrorKind::kUnsupported},
    {a2a_reason::kExtension, -32008, 400, "FAILED_PRECONDITION", ErrorKind::kUnsupported},
    {a2a_reason::kVersion, -32009, 400, "FAILED_PRECONDITION", ErrorKind::kUnsupported},
}};

const Row* FindRow(std::string_view reason) {
  const auto at = std::ranges::find(kRows, reason, &Row::reason);
  return at == kRows.end() ? nullptr : &*at;
}

// Of google.rpc.Code, for errors that are not A2A's own.
std::string_view StatusName(int http) {
  switch (http) {
    case 400: return "INVALID_ARGUMENT";
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 409: return "ABORTED";
    case 413:
    case 429: return "RESOURCE_EXHAUSTED";
    case 503: return "UNAVAILABLE";
    case 504: return "DEADLINE_EXCEEDED";
    default: return http < 500 ? "FAILED_PRECONDITION" : "INTERNAL";
  }
}

Json DetailsOf(const Error& error) {
  if (FindRow(error.code)) {
    return Json::Array({Json::Object({{"@type", kErrorInfo}, {"reason", error.code}, {"domain", kDomain}})});
  }
  if (error.kind != ErrorKind::kInvalid) return Json::Array();
  const Json violation = Json::Object({{"field", error.where}, {"description", error.what}});
  return Json::Array({Json::Object({{"@type", kBadRequest}, {"fieldViolations", Json::Array({violation})}})});
}

// The reason that details name; empty: none.
std::string ReasonIn(const Json& details) {
  if (!details.is_array()) return {};
  for (const Json& detail : details.items()) {
    const Json& reason = detail["reason"];
    if (detail["@type"] == Json(kErrorInfo) && reason.is_string()) return reason.AsString();
  }
  return {};
}

Error ErrorOf(std::string reason, ErrorKind otherwise, std::string what) {
  const Row* row = FindRow(reason);
  Error error = Error::Invalid("agent", std::move(what));
  error.kind = row ? row->kind : otherwise;
  error.code = row ? std::string(row->reason) : std::string();
  return error;
}

ErrorKind KindOf(int http) {
  if (http == 401 || http == 403) return ErrorKind::kDenied;
  if (http == 404) return ErrorKind::kNotFound;
  if (http == 429) return ErrorKind::kExhausted;
  return http < 500 ? ErrorKind::kInvalid : ErrorKind::kUnavailable;
}

constexpr size_t kMaxWords = 2'000;  // of another side's sentence

}  // namespace

Error A2aError(std::string_view reason, std::string where, std::string what) {
  const Row* row = FindRow(reason);
  CHECK(row != nullptr);
  Error error = Error::Invalid(std::move(where), std::move(what));
  error.kind = row->kind, error.code = std::string(reason);
  return error;
}

int A2aHttpStatus(const Error& error) {
  const Row* row = FindRow(error.code);
  return row ? row->http : HttpStatus(error.kind);
}

RpcError A2aRpcError(const Error& error) {
  const Row* row = FindRow(error.code);
  RpcError out{.message = error.Message()};
  if (row) {
    out.code = row->rpc;
  } else {
    const int http = HttpStatus(error.kind);
    out.code = http < 500 ? RpcError::kInvalidParams : RpcError::kInternal;
  }
  out.data = DetailsOf(error);
  if (out.data.empty()) out.data = Json();
  return out;
}

Json A2aHttpError(const Error& error, int status) {
  const Row* row = FindRow(error.code);
  Json body = Json::Object({{"code", status},
                            {"status", row ? row->status : StatusName(status)},
                            {"message", error.Message()},
                            {"details", DetailsOf(error)}});
  return Json::Object({{"error", std::move(body)}});
}

Error ReadA2aRpcError(const RpcError& error) {
  std::string reason = ReasonIn(error.data);
  const auto row = std::ranges::find(kRows, error.code, &Row::rpc);
  if (reason.empty() && row != kRows.end()) reason = std::string(row->reason);
  const bool ours = error.code == RpcError::kInternal;
  return ErrorOf(std::move(reason), ours ? ErrorKind::kUnavailable : ErrorKind::kInvalid,
                 "error " + std::to_string(error.code) + ": " + error.message.substr(0, kMaxWords));
}

Error ReadA2aHttpError(int status, const Json& body) {
  const Json& error = body["error"];
  // 0.3 has no form of its own for errors: libraries write JSON-RPC's, or a sentence.
  const Json& code = body["code"];
  if (code.is_integer() && body["message"].is_string()) {
    return ReadA2aRpcError(
        {.code = code.AsInt64().value_or(0), .message = body["message"].AsString(), .data = body["data"]});
  }
  const Json& plain = body["message"].is_string() ? body["message"] : body["detail"];
  const Json& message = error["message"].is_string() ? error["message"] : plain;
  std::string what = "HTTP " + std::to_string(status);
  if (message.is_string()) what += ": " + message.AsString().substr(0, kMaxWords);
  return ErrorOf(ReasonIn(error["details"]), KindOf(status), std::move(what));
}

}  // namespace atelier
