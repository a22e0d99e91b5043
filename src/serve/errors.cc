#include "serve/errors.h"

#include <algorithm>

#include "agent/protocol/a2a_error.h"

namespace atelier {
namespace {

std::string_view TypeOf(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  if (status < 500) return "invalid_request_error";
  return status == 503 ? "service_unavailable_error" : "server_error";
}

// As Anthropic names them; what it has no name for is the request's fault below 500 and the server's from there.
std::string_view AnthropicTypeOf(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 404) return "not_found_error";
  if (status == 413) return "request_too_large";
  if (status == 429) return "rate_limit_error";
  if (status < 500) return "invalid_request_error";
  if (status == 503) return "overloaded_error";
  return status == 504 ? "timeout_error" : "api_error";
}

std::string_view CodeOf(const Error& error, int status, bool is_parameter) {
  if (!error.code.empty()) return error.code;
  if (status == 405) return "method_not_allowed";
  if (error.kind == ErrorKind::kUnsupported) return "unsupported_parameter";
  if (error.kind == ErrorKind::kInvalid) return is_parameter ? "invalid_value" : "invalid_request";
  return ErrorKindName(error.kind);
}

// A path into the body, as OpenAI's `param`; files and sentences are none.
bool IsParameter(const std::string& where) { return !where.empty() && where.find_first_of(" :/") == std::string::npos; }

}  // namespace

int StatusOf(const Error& error) {
  if (error.kind == ErrorKind::kDenied && error.code == "forbidden") return 403;  // who asks is known
  return HttpStatus(error.kind);
}

ErrorShape ErrorShapeOf(std::string_view path) {
  if (path == "/v1/messages" || path.starts_with("/v1/messages/")) return ErrorShape::kAnthropic;
  if (path.starts_with("/a2a/")) return ErrorShape::kA2a;
  return path.starts_with("/api/") ? ErrorShape::kOllama : ErrorShape::kOpenAi;
}

Json ErrorBody(const Error& error, int status, ErrorShape shape) {
  if (shape == ErrorShape::kA2a) return A2aHttpError(error, status);
  if (shape == ErrorShape::kOllama) return Json::Object({{"error", error.Message()}});
  if (shape == ErrorShape::kAnthropic) {
    Json inside = Json::Object({{"type", AnthropicTypeOf(status)}, {"message", error.Message()}});
    return Json::Object({{"type", "error"}, {"error", std::move(inside)}});
  }
  const bool is_parameter = IsParameter(error.where);
  return Json::Object({{"error", Json::Object({
                                     {"message", error.Message()},
                                     {"type", TypeOf(status)},
                                     {"param", is_parameter ? Json(error.where) : Json()},
                                     {"code", CodeOf(error, status, is_parameter)},
                                 })}});
}

HttpResponse ErrorResponse(const Error& error, int status, ErrorShape shape) {
  HttpResponse response = HttpResponse::Json(ErrorBody(error, status, shape).Dump(), status);
  if (error.retry_after) {
    const int64_t seconds = std::max<int64_t>(1, (error.retry_after->count() + 999) / 1000);
    response.headers.Set("Retry-After", std::to_string(seconds));
  }
  if (status == 401) response.headers.Set("WWW-Authenticate", "Bearer");
  return response;
}

HttpResponse ErrorResponse(const Error& error, ErrorShape shape) {
  return ErrorResponse(error, StatusOf(error), shape);
}

}  // namespace atelier
