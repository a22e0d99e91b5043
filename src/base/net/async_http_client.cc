#include "base/net/async_http_client.h"

#include <algorithm>
#include <limits>

#include "base/net/client_wire.h"
#include "base/net/http_parser.h"
#include "base/net/request_head.h"

namespace atelier {
namespace {

constexpr int64_t kMaxHeadBytes = 256 << 10;
constexpr std::chrono::seconds kMaxIdle{30};  // servers close theirs after 60 s and more, some after 5

bool IsIdempotent(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

struct IdleWire {
  std::string key;
  Clock::TimePoint since;
  std::unique_ptr<ClientWire> wire;
};

}  // namespace

struct AsyncHttpClient::Shared {
  Shared(IoLoop& loop, ClientOptions options) : loop(loop), options(std::move(options)) {}

  IoLoop& loop;
  const ClientOptions options;
  std::shared_ptr<TlsTrust> trust;
  std::vector<IdleWire> idle;  // oldest first

  Result<std::shared_ptr<TlsTrust>> Trust() {
    if (!trust) {
      TRY(trust, TlsTrust::Load(options.ca_file));
    }
    return trust;
  }

  // One that the policy would let be dialled now.
  std::unique_ptr<ClientWire> TakeIdle(const std::string& key, const ClientWire::Target& target) {
    std::erase_if(idle, [&](const IdleWire& kept) { return loop.Now() - kept.since > kMaxIdle; });
    for (size_t i = idle.size(); i-- > 0;) {
      if (idle[i].key != key) continue;
      const bool checked = target.egress && target.proxy.host.empty();
      if (checked && !target.egress->CheckAddress(target.url, idle[i].wire->address())) continue;
      std::unique_ptr<ClientWire> wire = std::move(idle[i].wire);
      idle.erase(idle.begin() + static_cast<ptrdiff_t>(i));
      if (wire->quiet()) return wire;
    }
    return nullptr;
  }

  void KeepIdle(const std::string& key, std::unique_ptr<ClientWire> wire) {
    if (options.max_idle_connections <= 0) return;
    if (idle.size() >= static_cast<size_t>(options.max_idle_connections)) idle.erase(idle.begin());
    idle.push_back({key, loop.Now(), std::move(wire)});
  }
};

// One request on one connection, and its answer.
class AsyncResponse::Exchange {
 public:
  using Shared = AsyncHttpClient::Shared;

  Exchange(std::shared_ptr<Shared> shared, std::string key, std::unique_ptr<ClientWire> wire, Call call,
           PhaseTimeouts timeouts)
      : shared_(std::move(shared)),
        key_(std::move(key)),
        wire_(std::move(wire)),
        call_(std::move(call)),
        timeouts_(timeouts) {}

  // Sends `text` and reads the head of the answer.
  Task<Result<void>> Begin(std::string text, bool is_head) {
    const Result<void> sent = co_await wire_->Write(std::move(text), For(timeouts_.send));
    // A server that refuses a body may answer and close while it is still being sent, so look either way.
    if (!sent && sent.error().kind != ErrorKind::kUnavailable) co_return sent.error();
    const Patience patience = For(timeouts_.head);
    do {
      Result<void> head = co_await ReadHead(is_head, patience);
      if (!head) co_return !sent && !got_bytes_ ? sent : head;
    } while (parser_->head().status < 200 && parser_->head().status != 101);
    if (parser_->head().status == 101) {
      co_return Error::Unsupported(key_, "got 101 Switching Protocols, want an answer");
    }
    reusable_ = sent.ok();
    if (parser_->done()) Finish();
    co_return Result<void>();
  }

  Task<Result<std::string>> Next() {
    while (piece_.empty() && wire_ && !parser_->done()) {
      const size_t unparsed = buffer_.size();
      Result<void> more = Feed();
      const bool moved = buffer_.size() < unparsed;
      if (more && !moved) more = co_await Fill(For(timeouts_.idle));
      if (!more) {
        wire_.reset();
        co_return std::move(more).error().Under(key_);
      }
    }
    if (wire_ && parser_->done()) Finish();
    co_return std::exchange(piece_, {});
  }

  const HttpHead& head() const { return parser_->head(); }
  bool got_bytes() const { return got_bytes_; }

 private:
  Patience For(std::chrono::milliseconds timeout) const {
    return {std::min(call_.deadline, shared_->loop.Now() + timeout), call_.stop};
  }

  Task<Result<void>> ReadHead(bool is_head, Patience patience) {
    HttpParser::Limits limits;
    limits.head_bytes = kMaxHeadBytes;
    limits.body_bytes = std::numeric_limits<int64_t>::max();  // who reads bounds
    parser_.emplace(HttpParser::Kind::kResponse, limits, [this](std::string_view piece) -> Result<void> {
      piece_.append(piece);
      return {};
    });
    if (is_head) parser_->ExpectNoBody();
    while (true) {
      CO_TRY_VOID(Feed());
      if (parser_->head_done()) co_return Result<void>();
      CO_TRY_VOID(co_await Fill(patience));
      if (ended_) co_return Error::Unavailable(key_, "got no whole answer");
    }
  }

  // Takes what is received and parses it.
  Task<Result<void>> Fill(Patience patience) {
    CO_TRY(const std::string bytes, co_await wire_->Read(patience));
    got_bytes_ = got_bytes_ || !bytes.empty();
    buffer_ += bytes;
    if (!bytes.empty()) co_return Feed();
    ended_ = true;
    co_return parser_->FeedEnd();
  }

  Result<void> Feed() {
    if (buffer_.empty()) return {};
    TRY(const int64_t used, parser_->Feed(buffer_));
    buffer_.erase(0, static_cast<size_t>(used));
    return {};
  }

  // The answer is whole: the connection serves the next one, or nobody.
  void Finish() {
    std::unique_ptr<ClientWire> wire = std::move(wire_);
    if (reusable_ && !ended_ && buffer_.empty() && parser_->head().keep_alive) shared_->KeepIdle(key_, std::move(wire));
  }

  std::shared_ptr<Shared> shared_;
  const std::string key_;  // "https://host:port"
  std::unique_ptr<ClientWire> wire_;
  const Call call_;
  const PhaseTimeouts timeouts_;
  std::optional<HttpParser> parser_;
  std::string buffer_;  // received, not yet parsed
  std::string piece_;   // of the body, parsed and not yet taken
  bool got_bytes_ = false;
  bool ended_ = false;
  bool reusable_ = false;
};

AsyncResponse::AsyncResponse(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
AsyncResponse::~AsyncResponse() = default;
int AsyncResponse::status() const { return exchange_->head().status; }
const HttpHeaders& AsyncResponse::headers() const { return exchange_->head().headers; }
Task<Result<std::string>> AsyncResponse::Next() { return exchange_->Next(); }

Task<Result<std::string>> AsyncResponse::Rest(int64_t max_bytes) {
  std::string body;
  while (true) {
    CO_TRY(const std::string piece, co_await exchange_->Next());
    if (piece.empty()) co_return body;
    if (static_cast<int64_t>(body.size() + piece.size()) > max_bytes) {
      co_return Error::TooLarge("HTTP response", "got more than " + std::to_string(max_bytes) + " bytes");
    }
    body += piece;
  }
}

Task<Result<std::optional<SseEvent>>> SseReader::Next() {
  while (ready_.empty()) {
    CO_TRY(const std::string piece, co_await response_->Next());
    if (piece.empty()) co_return std::optional<SseEvent>();
    total_bytes_ += static_cast<int64_t>(piece.size());
    if (total_bytes_ > limits_.total_bytes) {
      co_return Error::TooLarge("SSE stream", "got more than " + std::to_string(limits_.total_bytes) + " bytes");
    }
    CO_TRY(ready_, parser_.Feed(piece));
    std::reverse(ready_.begin(), ready_.end());
  }
  std::optional<SseEvent> event = std::move(ready_.back());
  ready_.pop_back();
  co_return event;
}

AsyncHttpClient::AsyncHttpClient(IoLoop& loop, ClientOptions options)
    : shared_(std::make_shared<Shared>(loop, std::move(options))) {}
AsyncHttpClient::~AsyncHttpClient() = default;
size_t AsyncHttpClient::num_idle() const { return shared_->idle.size(); }
IoLoop& AsyncHttpClient::loop() const { return shared_->loop; }

Task<Result<std::unique_ptr<AsyncResponse>>> AsyncHttpClient::Send(Call call, AsyncRequest request) {
  const std::shared_ptr<Shared> shared = shared_;
  ClientWire::Target target;
  target.egress = request.egress;
  target.resolve = shared->options.resolve;
  CO_TRY(target.url, Url::Parse(request.url));
  if (target.egress) CO_TRY_VOID(target.egress->CheckUrl(target.url));
  const bool proxied = shared->options.use_proxy_environment && (!target.egress || target.egress->use_proxy());
  if (proxied) target.proxy = ProxyFor(target.url);
  const RequestHead head{request.method, target.url, request.headers, request.body.size(), shared->options.user_agent};
  CO_TRY(const std::string head_text, FormatRequestHead(head, target.proxy));
  if (target.url.scheme == "https") {
    CO_TRY(target.trust, shared->Trust());
  }
  const std::string origin = target.url.scheme + "://" + AuthorityOf(target.url);
  const std::string key = target.proxy.host.empty() ? origin : origin + " by proxy";
  for (bool again = false;; again = true) {
    std::unique_ptr<ClientWire> wire = again ? nullptr : shared->TakeIdle(key, target);
    const bool reused = wire != nullptr;
    if (!reused) {
      const Patience patience{std::min(call.deadline, shared->loop.Now() + request.timeouts.connect), call.stop};
      CO_TRY(wire, co_await ClientWire::Open(shared->loop, target, patience));
    }
    auto exchange = std::make_unique<AsyncResponse::Exchange>(shared, key, std::move(wire), call, request.timeouts);
    Result<void> begun = co_await exchange->Begin(head_text + request.body, request.method == "HEAD");
    if (begun) co_return std::make_unique<AsyncResponse>(std::move(exchange));
    const bool stale = reused && !exchange->got_bytes() && begun.error().kind == ErrorKind::kUnavailable;
    if (!stale || !(request.may_repeat || IsIdempotent(request.method))) co_return std::move(begun).error();
  }
}

}  // namespace atelier
