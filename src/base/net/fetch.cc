#include "base/net/fetch.h"

#include <algorithm>

#include "base/check.h"
#include "base/net/proxy.h"

namespace atelier {
namespace {

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Makes of `request`, which `from` answered with a redirect to `to`, the next one.
Result<void> Follow(AsyncRequest& request, const Url& from, const Url& to, int status) {
  const std::string where = AuthorityOf(from);
  if (from.scheme == "https" && to.scheme == "http") {
    return Error::Denied(where, "got a redirect from https to http").WithCode("egress_refused");
  }
  const bool same_origin = from.SameOrigin(to);
  const bool becomes_get =
      status == 303 ? request.method != "HEAD" : (status == 301 || status == 302) && request.method == "POST";
  if (becomes_get) {
    request.method = "GET";
    request.body.clear();
    request.headers.Remove("Content-Type");
  } else if (!same_origin && !request.body.empty()) {
    return Error::Denied(where, "got a redirect of a request with a body to " + AuthorityOf(to) + ", another origin")
        .WithCode("egress_refused");
  }
  if (!same_origin) {
    HttpHeaders kept;
    for (const char* name : {"Accept", "Accept-Language"}) {
      if (const std::string* value = request.headers.Find(name)) kept.Add(name, *value);
    }
    request.headers = std::move(kept);
  }
  request.url = to.Text();
  return {};
}

// The body, or as much of it as the limits let in.
Task<Result<void>> TakeBody(AsyncResponse& response, FetchLimits limits, std::string where, Fetched& fetched) {
  const auto most = static_cast<size_t>(limits.body_bytes);
  while (true) {
    CO_TRY(const std::string piece, co_await response.Next());
    if (piece.empty()) co_return Result<void>();
    if (fetched.body.size() + piece.size() > most) {
      if (!limits.cut_body) {
        co_return Error::TooLarge(where, "got more than " + std::to_string(most) + " bytes of body");
      }
      fetched.body.append(piece, 0, most - fetched.body.size());
      fetched.cut = true;
      co_return Result<void>();
    }
    fetched.body += piece;
  }
}

}  // namespace

Task<Result<Fetched>> Fetch(AsyncHttpClient& client, Call call, AsyncRequest request, FetchLimits limits) {
  CHECK_MSG(request.egress != nullptr, "Fetch goes under a policy");
  call.deadline = std::min(call.deadline, client.loop().Now() + limits.time);
  for (int redirects = 0;; ++redirects) {
    CO_TRY(const Url url, Url::Parse(request.url));
    AsyncRequest sent = request;
    CO_TRY(const auto response, co_await client.Send(call, std::move(sent)));
    const std::string* location = IsRedirect(response->status()) ? response->headers().Find("Location") : nullptr;
    if (!location) {
      Fetched fetched{response->status(), response->headers(), {}, false, url.Text()};
      CO_TRY_VOID(co_await TakeBody(*response, limits, AuthorityOf(url), fetched));
      co_return fetched;
    }
    if (redirects >= limits.redirects) {
      co_return Error::TooLarge(AuthorityOf(url), "got more than " + std::to_string(limits.redirects) + " redirects");
    }
    Result<Url> next = url.Resolve(*location);
    if (!next) co_return std::move(next).error().Under(AuthorityOf(url) + ": redirect");
    CO_TRY_VOID(Follow(request, url, *next, response->status()));
  }
}

}  // namespace atelier
