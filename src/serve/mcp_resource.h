// What `/mcp` tells clients that have no key: where its protected resource metadata is.   [RFC 9728]
#pragma once

#include <string>

#include "base/net/http.h"

namespace atelier {

// "http://127.0.0.1:8910", as the client knows it.
std::string OriginOf(const HttpRequest& http);
// The value of WWW-Authenticate.
std::string McpChallenge(const HttpRequest& http);

}  // namespace atelier
