#include "base/net/request_head.h"

#include <algorithm>

namespace atelier {
namespace {

// Nothing that came from outside may end a line.
Result<void> CheckHeader(std::string_view name, std::string_view value) {
  const auto bad = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (name.empty() || std::any_of(name.begin(), name.end(), bad) || std::any_of(value.begin(), value.end(), bad)) {
    return Error::Invalid("header '" + std::string(name.substr(0, 40)) + "'",
                          "got a line break, NUL or no name, want neither");
  }
  return {};
}

}  // namespace

Result<std::string> FormatRequestHead(const RequestHead& request, const Proxy& proxy) {
  const Url& url = request.url;
  const bool through_proxy = !proxy.host.empty() && url.scheme == "http";
  TRY_VOID(CheckHeader(request.method, request.method));
  std::string head = request.method + " " + (through_proxy ? url.Text() : url.target) + " HTTP/1.1\r\n";
  const std::string origin = url.Text().substr(0, url.Text().size() - url.target.size());
  head += "Host: " + origin.substr(origin.find("://") + 3) + "\r\n";
  if (!request.headers.Find("User-Agent")) head += "User-Agent: " + request.user_agent + "\r\n";
  if (!request.headers.Find("Accept")) head += "Accept: */*\r\n";
  if (through_proxy && !proxy.authorization.empty()) head += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  for (const auto& [name, value] : request.headers) {
    TRY_VOID(CheckHeader(name, value));
    head += name + ": " + value + "\r\n";
  }
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  if (may_have_body || request.body_bytes > 0) {
    head += "Content-Length: " + std::to_string(request.body_bytes) + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace atelier
