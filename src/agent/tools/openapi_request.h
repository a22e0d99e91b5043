// The arguments of a call as an HTTP request: parameters in their places and styles, the body in its form.
// [OpenAPI 3.1, "Parameter Object", "Style Values"; RFC 6570]
#pragma once

#include <map>
#include <string>

#include "agent/tools/openapi_schema.h"
#include "base/net/async_http_client.h"

namespace atelier {

// What does not come from the arguments.
struct ApiTarget {
  std::string base_url;                                      // "https://api.example.org/v1", without '/' at its end
  std::vector<std::pair<ApiKeyPlace, std::string>> secrets;  // of the security that is used
  std::string idempotency_key;                               // for the header parameter of that name
};

// Errors: kInvalid, an argument that cannot be sent: a path's that is empty, "." or "..", a missing required one.
Result<AsyncRequest> BuildApiRequest(const ApiOperation& operation, const ApiArguments& names, const ApiTarget& target,
                                     const Json& arguments);

}  // namespace atelier
