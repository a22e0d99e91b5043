#include "base/net/proxy.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "base/net/http_parser.h"

namespace atelier {
namespace {

std::string Environment(std::string_view lower_name) {
  std::string name(lower_name);
  for (int i = 0; i < 2; ++i) {
    if (const char* value = std::getenv(name.c_str()); value && *value) return value;
    // HTTP_PROXY in upper case can be set by a client of a CGI program, so it is not read.
    if (lower_name == "http_proxy") break;
    for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return "";
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" || host.starts_with("127.");
}

bool IsExcepted(const std::string& host) {
  std::string list = Environment("no_proxy");
  std::string_view rest = list;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view entry = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (!entry.empty() && (entry.front() == ' ' || entry.front() == '.')) entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (entry.empty()) continue;
    const bool is_domain =
        host.size() > entry.size() && host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.';
    if (entry == "*" || host == entry || is_domain) return true;
  }
  return false;
}

std::string Base64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  encoded.resize(static_cast<size_t>(size));
  return encoded;
}

}  // namespace

Proxy ProxyFor(const Url& url) {
  if (IsLoopback(url.host) || IsExcepted(url.host)) return {};
  std::string text = Environment(url.scheme + "_proxy");
  if (text.empty()) text = Environment("all_proxy");
  if (text.empty()) return {};
  if (text.find("://") == std::string::npos) text = "http://" + text;
  Proxy proxy;
  const size_t begin = text.find("://") + 3;
  const size_t end = std::min(text.find('/', begin), text.size());
  if (const size_t at = text.rfind('@', end); at != std::string::npos && at >= begin) {
    proxy.authorization = "Basic " + Base64(PercentDecode(text.substr(begin, at - begin), false));
    text.erase(begin, at + 1 - begin);
  }
  // A proxy that cannot be read, or wants TLS or SOCKS, is as none: the connection then says what fails.
  const Result<Url> parsed = Url::Parse(text);
  if (!parsed || parsed->scheme != "http") return {};
  proxy.host = parsed->host;
  proxy.port = parsed->port;
  return proxy;
}

std::string AuthorityOf(const Url& url) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  return host + ":" + std::to_string(url.port);
}

std::string ConnectRequest(const Url& url, const Proxy& proxy) {
  const std::string target = AuthorityOf(url);
  std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.authorization.empty()) head += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  return head + "\r\n";
}

Result<void> OpenTunnel(ClientConnection& connection, const Proxy& proxy, const Url& url, Clock::TimePoint deadline,
                        const StopSignal& stop) {
  TRY_VOID(connection.Write(ConnectRequest(url, proxy), deadline, stop));
  HttpParser parser(HttpParser::Kind::kResponse, {});
  parser.ExpectNoBody();
  std::string buffer;
  while (!parser.head_done()) {
    // Byte by byte: what follows the head belongs to TLS.
    char byte = 0;
    TRY(const size_t got, connection.Read(&byte, 1, deadline, stop));
    if (got == 0) return Error::Unavailable("proxy " + proxy.host, "closed the connection");
    buffer += byte;
    if (!buffer.ends_with("\r\n\r\n") && buffer.size() < 32 << 10) continue;
    TRY(const int64_t used, parser.Feed(buffer));
    buffer.erase(0, static_cast<size_t>(used));
  }
  const int status = parser.head().status;
  if (status / 100 == 2) return {};
  return Error::Unavailable("proxy " + proxy.host, "got status " + std::to_string(status) + " for CONNECT, want 200");
}

}  // namespace atelier
