// Fetch: one exchange under an egress policy, redirects and all, within limits. For what a model or a stranger steers:
// tools, webhooks, documents behind URLs.
//
// Each redirect is a new question to the policy, and a new dial. To another origin only Accept and Accept-Language go
// along: no Authorization, Cookie or key in a header of its own. A body is never sent on to another origin, and https
// never leads to http.   [RFC 9110, section 15.4]
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/net/async_http_client.h"
#include "base/net/egress_policy.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

struct FetchLimits {
  int redirects = 5;
  int64_t body_bytes = 4 << 20;
  bool cut_body = false;                   // a longer body is cut there; else it is kTooLarge
  std::chrono::milliseconds time{30'000};  // for everything
};

struct Fetched {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  bool cut = false;  // there was more body
  std::string url;   // that answered, after redirects
};

// Any status is an answer, but for a redirect that leads nowhere. `request.egress` must be set. Errors: as
// AsyncHttpClient::Send; Denied (a redirect that is refused), TooLarge (the body, or too many redirects), Timeout.
Task<Result<Fetched>> Fetch(AsyncHttpClient& client, Call call, AsyncRequest request, FetchLimits limits);

}  // namespace atelier
