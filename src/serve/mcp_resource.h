// Who is let in at `/mcp`: holders of keys, and of tokens where atelier.yaml names an authorization server. Others are
// told where the protected resource metadata is.   [RFC 9728; RFC 6750, 3]
#pragma once

#include <optional>
#include <string>

#include "base/net/http.h"

namespace atelier {

class App;

// "http://127.0.0.1:8910", as the client knows it.
std::string OriginOf(const HttpRequest& http);
// The value of WWW-Authenticate; `error`: why what came along lets nobody in.
std::string McpChallenge(const HttpRequest& http, App& app, const Error& error = {});
// Of a server that takes tokens: who calls, before the body is read. What it lets pass without a principal has a token
// whose issuer's keys are yet to be fetched: the handler looks at it again.
std::optional<HttpResponse> AdmitToMcp(App& app, HttpRequest& http);

}  // namespace atelier
