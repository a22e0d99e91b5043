// A blocking HTTP/1.1 client over TCP and TLS, for Pool threads and commands (a Loop thread awaits
// `OnPool(pool, [&] { return client.Send(request); })`). Keeps idle connections, follows redirects,
// verifies certificates against the system's authorities, honours http_proxy, https_proxy, no_proxy.
// Thread-safe.   [RFC 9110, RFC 9112]
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/net/http.h"
#include "base/net/ip_address.h"
#include "base/result.h"

namespace atelier {

// http or https, host, port, path with query. Fragments and user information are refused.
struct Url {
  std::string scheme;
  std::string host;  // without the brackets of an IPv6 address
  int port = 0;
  std::string target;  // "/path?query", never empty

  static Result<Url> Parse(std::string_view text);
  // `reference` as a Location header gives it, resolved against this.   [RFC 3986, section 5]
  Result<Url> Resolve(std::string_view reference) const;
  std::string Text() const;
  bool SameOrigin(const Url& other) const { return scheme == other.scheme && host == other.host && port == other.port; }
};

struct ClientResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;       // empty where on_body took it
  std::string final_url;  // after redirects
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;  // Host, Content-Length, Connection and Accept-Encoding are the client's
  std::string body;
  // Byte ranges: first byte wanted (sends "Range: bytes=N-"); the answer is 206 if the server obliges.
  std::optional<int64_t> range_start;
  std::optional<int64_t> range_end;  // inclusive; needs range_start

  int max_redirects = 10;             // 0: a 3xx is the answer. Keys do not cross origins.
  int64_t max_body_bytes = 64 << 20;  // of a body collected in memory
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds read_timeout{60'000};  // without a byte
  std::stop_token stop;                            // makes Send return kCancelled soon

  // Once, for the final answer's head. An error gives up the transfer and is what Send returns.
  std::function<Result<void>(const ClientResponse& head)> on_head;
  // The body, piece by piece as it comes (unbounded by max_body_bytes). Only for 2xx; other bodies are
  // collected, so that an error's text is at hand.
  std::function<Result<void>(std::string_view piece)> on_body;
};

struct ClientOptions {
  std::string ca_file;  // PEM authorities to trust instead of the system's
  std::string user_agent = "atelier/" ATELIER_VERSION;
  bool use_proxy_environment = true;
  int max_idle_connections = 8;
  // In place of the system's, for tests of AsyncHttpClient: the addresses of a name, on the loop's thread.
  std::function<Result<std::vector<IpAddress>>(const std::string& host)> resolve = {};
};

class HttpClient {
 public:
  explicit HttpClient(ClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is an answer; errors are those of the network, TLS, limits and the callbacks:
  // kUnavailable (no connection, cut off: "got 512 bytes of body, want 1024"), kTimeout, kCancelled,
  // kTooLarge, kInvalid (URL). A request on a reused connection that the server had closed is sent anew once.
  Result<ClientResponse> Send(const ClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace atelier
