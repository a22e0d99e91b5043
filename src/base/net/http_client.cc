#include "base/net/http_client.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <vector>

#include "base/net/client_connection.h"
#include "base/net/http_parser.h"
#include "base/net/proxy.h"
#include "base/net/request_head.h"

namespace atelier {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr int64_t kMaxHeadBytes = 256 << 10;

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool MayRepeat(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

// The head of `request`, with its byte range.
Result<std::string> HeadOf(const ClientRequest& request, const Url& url, const Proxy& proxy,
                           const std::string& user_agent) {
  HttpHeaders headers = request.headers;
  if (request.range_start) {
    headers.Add("Range", "bytes=" + std::to_string(*request.range_start) + "-" +
                             (request.range_end ? std::to_string(*request.range_end) : ""));
  }
  return FormatRequestHead({request.method, url, headers, request.body.size(), user_agent}, proxy);
}

struct Idle {
  std::string key;
  std::unique_ptr<ClientConnection> connection;
};

}  // namespace

struct HttpClient::Impl {
  explicit Impl(ClientOptions options) : options(std::move(options)) {}

  Result<std::shared_ptr<TlsTrust>> Trust() {
    std::lock_guard lock(mutex);
    if (!trust) {
      TRY(trust, TlsTrust::Load(options.ca_file));
    }
    return trust;
  }

  std::unique_ptr<ClientConnection> TakeIdle(const std::string& key) {
    std::lock_guard lock(mutex);
    for (size_t i = idle.size(); i-- > 0;) {
      if (idle[i].key != key) continue;
      std::unique_ptr<ClientConnection> connection = std::move(idle[i].connection);
      idle.erase(idle.begin() + static_cast<ptrdiff_t>(i));
      if (connection->IsQuiet()) return connection;
    }
    return nullptr;
  }

  void KeepIdle(const std::string& key, std::unique_ptr<ClientConnection> connection) {
    std::lock_guard lock(mutex);
    if (options.max_idle_connections <= 0) return;
    if (idle.size() >= static_cast<size_t>(options.max_idle_connections)) idle.erase(idle.begin());
    idle.push_back({key, std::move(connection)});
  }

  Result<std::unique_ptr<ClientConnection>> Connect(const Url& url, const Proxy& proxy, const ClientRequest& request,
                                                    const StopSignal& stop);
  Result<ClientResponse> Exchange(const Url& url, const ClientRequest& request, bool follow, const StopSignal& stop);

  const ClientOptions options;
  std::mutex mutex;  // guards what follows
  std::shared_ptr<TlsTrust> trust;
  std::vector<Idle> idle;
};

namespace {

// Sends one request on a connection and reads its answer.
class OneExchange {
 public:
  OneExchange(ClientConnection& connection, const ClientRequest& request, bool follow, const StopSignal& stop)
      : connection_(connection), request_(request), follow_(follow), stop_(stop) {}

  Result<void> Send(const std::string& head) {
    // The body goes with the head where it is short: one packet.
    const bool together = request_.body.size() <= kReadBytes;
    TRY_VOID(connection_.Write(together ? head + request_.body : head, Deadline(), stop_));
    if (together) return {};
    std::string_view rest = request_.body;
    while (!rest.empty()) {
      const std::string_view piece = rest.substr(0, kReadBytes);
      TRY_VOID(connection_.Write(piece, Deadline(), stop_));
      rest.remove_prefix(piece.size());
    }
    return {};
  }

  Result<ClientResponse> Receive() {
    while (true) {
      TRY_VOID(ReadHead());
      const int status = parser_->head().status;
      if (status >= 200) break;
      if (status == 101) return Error::Unsupported("HTTP response", "got 101 Switching Protocols, want an answer");
    }
    response_.status = parser_->head().status;
    response_.headers = parser_->head().headers;
    const bool is_final = !(follow_ && IsRedirect(response_.status) && response_.headers.Find("Location"));
    if (is_final && request_.on_head) TRY_VOID(Ask(request_.on_head(response_)));
    pass_on_ = is_final && request_.on_body && response_.status >= 200 && response_.status < 300;
    while (!parser_->done()) {
      TRY_VOID(FeedParser());
      if (parser_->done()) break;
      TRY(const bool more, ReadMore());
      if (!more) {
        TRY_VOID(parser_->FeedEnd());
        ended_ = true;
      }
    }
    return std::move(response_);
  }

  bool got_bytes() const { return got_bytes_; }
  // The failure is the caller's own, from on_head or on_body.
  bool refused() const { return refused_; }
  bool reusable() const { return !ended_ && buffer_.empty() && parser_->head().keep_alive; }

 private:
  Clock::TimePoint Deadline() const { return Clock::Real().Now() + request_.read_timeout; }

  Result<void> Ask(Result<void> answer) {
    refused_ = !answer;
    return answer;
  }

  Result<void> ReadHead() {
    HttpParser::Limits limits;
    limits.head_bytes = kMaxHeadBytes;
    // Bodies are bounded in TakeBody; how long one may be is not known before its status is.
    limits.body_bytes = std::numeric_limits<int64_t>::max();
    parser_.emplace(HttpParser::Kind::kResponse, limits, [this](std::string_view piece) { return TakeBody(piece); });
    if (request_.method == "HEAD") parser_->ExpectNoBody();
    while (true) {
      TRY_VOID(FeedParser());
      if (parser_->head_done()) return {};
      TRY(const bool more, ReadMore());
      if (!more) return parser_->FeedEnd();
    }
  }

  Result<void> TakeBody(std::string_view piece) {
    if (pass_on_) return Ask(request_.on_body(piece));
    if (static_cast<int64_t>(response_.body.size() + piece.size()) > request_.max_body_bytes) {
      return Error::TooLarge("HTTP response", "got more than " + std::to_string(request_.max_body_bytes) + " bytes");
    }
    response_.body.append(piece);
    return {};
  }

  Result<void> FeedParser() {
    if (buffer_.empty()) return {};
    TRY(const int64_t used, parser_->Feed(buffer_));
    buffer_.erase(0, static_cast<size_t>(used));
    return {};
  }

  Result<bool> ReadMore() {
    const size_t before = buffer_.size();
    buffer_.resize(before + kReadBytes);
    Result<size_t> got = connection_.Read(buffer_.data() + before, kReadBytes, Deadline(), stop_);
    buffer_.resize(before + (got ? *got : 0));
    if (!got) return std::move(got).error();
    got_bytes_ = got_bytes_ || *got > 0;
    return *got > 0;
  }

  ClientConnection& connection_;
  const ClientRequest& request_;
  const bool follow_;
  const StopSignal& stop_;
  std::optional<HttpParser> parser_;
  ClientResponse response_;
  std::string buffer_;
  bool pass_on_ = false;
  bool got_bytes_ = false;
  bool refused_ = false;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ClientConnection>> HttpClient::Impl::Connect(const Url& url, const Proxy& proxy,
                                                                    const ClientRequest& request,
                                                                    const StopSignal& stop) {
  const auto deadline = Clock::Real().Now() + request.connect_timeout;
  const bool direct = proxy.host.empty();
  TRY(auto connection,
      ClientConnection::Open(direct ? url.host : proxy.host, direct ? url.port : proxy.port, deadline, stop));
  if (url.scheme != "https") return connection;
  if (!direct) TRY_VOID(OpenTunnel(*connection, proxy, url, deadline, stop));
  TRY(auto tls, Trust());
  TRY_VOID(connection->StartTls(std::move(tls), url.host, deadline, stop));
  return connection;
}

Result<ClientResponse> HttpClient::Impl::Exchange(const Url& url, const ClientRequest& request, bool follow,
                                                  const StopSignal& stop) {
  const Proxy proxy = options.use_proxy_environment ? ProxyFor(url) : Proxy();
  TRY(const std::string head, HeadOf(request, url, proxy, options.user_agent));
  const std::string key = url.scheme + " " + url.host + " " + std::to_string(url.port);
  for (int attempt = 0;; ++attempt) {
    std::unique_ptr<ClientConnection> connection = attempt == 0 ? TakeIdle(key) : nullptr;
    const bool reused = connection != nullptr;
    if (!reused) {
      TRY(connection, Connect(url, proxy, request, stop));
    }
    OneExchange exchange(*connection, request, follow, stop);
    const Result<void> sent = exchange.Send(head);
    // A server that refuses a body may answer and close while it is still being sent, so look either way.
    const bool gave_up = !sent && sent.error().kind != ErrorKind::kUnavailable;
    Result<ClientResponse> response = gave_up ? Result<ClientResponse>(sent.error()) : exchange.Receive();
    if (response) {
      if (sent && exchange.reusable()) KeepIdle(key, std::move(connection));
      return response;
    }
    const bool stale = reused && !exchange.got_bytes() && response.error().kind == ErrorKind::kUnavailable;
    if (stale && MayRepeat(request.method)) continue;
    if (exchange.refused()) return std::move(response).error();
    Error error = !sent && !exchange.got_bytes() ? sent.error() : response.error();
    return std::move(error).Under(url.Text());
  }
}

HttpClient::HttpClient(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Result<ClientResponse> HttpClient::Send(const ClientRequest& original) {
  const StopSignal stop(original.stop);
  ClientRequest request = original;
  TRY(Url url, Url::Parse(request.url));
  for (int redirects = 0;; ++redirects) {
    const bool follow = redirects < request.max_redirects;
    TRY(ClientResponse response, impl_->Exchange(url, request, follow, stop));
    const std::string* location = response.headers.Find("Location");
    if (!IsRedirect(response.status) || !location || request.max_redirects == 0) {
      response.final_url = url.Text();
      return response;
    }
    if (!follow) return Error::Unavailable(original.url, "got more than " + std::to_string(redirects) + " redirects");
    TRY(Url next, url.Resolve(*location));
    if (url.scheme == "https" && next.scheme == "http") {
      return Error::Denied(url.Text(), "got a redirect to '" + next.Text() + "', want one that stays on https");
    }
    if (!next.SameOrigin(url)) {
      for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key"}) {
        request.headers.Remove(name);
      }
    }
    const bool becomes_get = response.status == 303 || (response.status <= 302 && request.method == "POST");
    if (becomes_get && request.method != "HEAD") {
      request.method = "GET";
      request.body.clear();
      request.headers.Remove("Content-Type");
    }
    url = std::move(next);
  }
}

}  // namespace atelier
