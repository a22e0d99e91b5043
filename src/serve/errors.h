// How errors look over HTTP. The one place where kinds of errors become statuses.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/net/http.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

// Whose clients read the error.
enum class ErrorShape : uint8_t {
  kOpenAi,     // {"error": {"message", "type", "param", "code"}}
  kAnthropic,  // {"type": "error", "error": {"type", "message"}}
  kOllama,     // {"error": "message"}
  kA2a,        // {"error": {"code", "status", "message", "details"}}
};
// By the path that was asked for: of /v1/messages and below Anthropic's, of /api/ Ollama's, of /a2a/ A2A's.
ErrorShape ErrorShapeOf(std::string_view path);

int StatusOf(const Error& error);
Json ErrorBody(const Error& error, int status, ErrorShape shape = ErrorShape::kOpenAi);
HttpResponse ErrorResponse(const Error& error, ErrorShape shape = ErrorShape::kOpenAi);
HttpResponse ErrorResponse(const Error& error, int status, ErrorShape shape = ErrorShape::kOpenAi);

}  // namespace atelier
