// Who gets a client past a server that wants to know who asks (mcp_oauth.h is the one of the specification).
#pragma once

#include <optional>
#include <string>

#include "base/net/http.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

class McpAuthorizer {
 public:
  virtual ~McpAuthorizer() = default;
  // The value of Authorization; empty: none yet.
  virtual std::string Authorization() const = 0;
  // The server answered 401 or 403. Success: worth another try. Errors: kDenied.
  virtual Task<Result<void>> Challenged(Call call, int status, HttpHeaders headers) = 0;
};

}  // namespace atelier
