#include "serve/errors.h"

#include <algorithm>

namespace atelier {
namespace {

std::string_view TypeOf(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  if (status < 500) return "invalid_request_error";
  return status == 503 ? "service_unavailable_error" : "server_error";
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
  if (error.kind == ErrorKind::kDenied && error.code != "forbidden") return 401;
  return HttpStatus(error.kind);
}

Json ErrorBody(const Error& error, int status) {
  const bool is_parameter = IsParameter(error.where);
  return Json::Object({{"error", Json::Object({
                                     {"message", error.Message()},
                                     {"type", TypeOf(status)},
                                     {"param", is_parameter ? Json(error.where) : Json()},
                                     {"code", CodeOf(error, status, is_parameter)},
                                 })}});
}

HttpResponse ErrorResponse(const Error& error, int status) {
  HttpResponse response = HttpResponse::Json(ErrorBody(error, status).Dump(), status);
  if (error.retry_after) {
    const int64_t seconds = std::max<int64_t>(1, (error.retry_after->count() + 999) / 1000);
    response.headers.Set("Retry-After", std::to_string(seconds));
  }
  if (status == 401) response.headers.Set("WWW-Authenticate", "Bearer");
  return response;
}

HttpResponse ErrorResponse(const Error& error) { return ErrorResponse(error, StatusOf(error)); }

}  // namespace atelier
