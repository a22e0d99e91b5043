// The head of an outgoing request, as both clients write it.   [RFC 9112, section 3]
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/net/http_client.h"
#include "base/net/proxy.h"

namespace atelier {

struct RequestHead {
  const std::string& method;
  const Url& url;
  const HttpHeaders& headers;  // Host, Content-Length and Connection are not among them
  size_t body_bytes = 0;
  const std::string& user_agent;  // where the headers name none
};

// With the empty line that ends it. Errors: a line break in what came from outside.
Result<std::string> FormatRequestHead(const RequestHead& head, const Proxy& proxy);

}  // namespace atelier
