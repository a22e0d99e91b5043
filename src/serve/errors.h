// How errors look over HTTP: OpenAI's shape, {"error": {"message", "type", "param", "code"}}. The one place where
// kinds of errors become statuses.
#pragma once

#include "base/net/http.h"
#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

int StatusOf(const Error& error);
Json ErrorBody(const Error& error, int status);
HttpResponse ErrorResponse(const Error& error);
HttpResponse ErrorResponse(const Error& error, int status);

}  // namespace atelier
