#include "base/net/http_session.h"

#include <algorithm>

namespace atelier {
namespace {

constexpr size_t kReadBytes = 16 << 10;          // while a body comes in
constexpr size_t kIdleReadBytes = 2 << 10;       // else; thousands of sessions wait with one each
constexpr size_t kMaxPipelinedBytes = 64 << 10;  // read ahead of the request in hand, to see a client leave
constexpr int64_t kMaxLingerBytes = 1 << 20;
// A request that is refused by its head still has a body this short read, so that the connection can go on.
constexpr int64_t kSmallBodyBytes = 64 << 10;
constexpr size_t kMaxRequestIdBytes = 128;

bool IsGoodRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestIdBytes &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

HttpSession::HttpSession(std::shared_ptr<SessionHost> host, std::unique_ptr<Transport> transport)
    : host_(std::move(host)), transport_(std::move(transport)) {}

HttpSession::~HttpSession() { CHECK(phase_ == Phase::kClosed || timer_ == 0); }

void HttpSession::Start() {
  SetDeadline(host_->options.header_timeout);
  transport_->Handshake([self = shared_from_this()](bool ok, size_t) {
    if (self->phase_ == Phase::kClosed) return;
    if (!ok) return self->Close();
    self->BeginRequest();
    // A new connection is opened to be used: no idle time for it.
    if (self->phase_ == Phase::kHead) self->SetDeadline(self->host_->options.header_timeout);
  });
}

void HttpSession::Drain() {
  const bool idle = phase_ == Phase::kHandshake || (phase_ == Phase::kHead && !head_begun_);
  if (idle) Close();
}

void HttpSession::StopCall() { stop_.request_stop(); }

void HttpSession::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  host_->loop.Cancel(timer_);
  timer_ = 0;
  if (in_exchange_) exchange_.aborted = true;
  ReportDone();
  StopCall();
  transport_->Close();
  WakeFlusher();
  if (host_->on_closed) host_->on_closed(this);
}

void HttpSession::BeginRequest() {
  phase_ = Phase::kHead;
  HttpParser::Limits limits;
  limits.head_bytes = host_->options.max_head_bytes;
  limits.body_bytes = std::max(host_->options.max_body_bytes, host_->router.max_body_bytes());
  parser_.emplace(HttpParser::Kind::kRequest, limits);
  request_ = {};
  match_ = {};
  early_.reset();
  exchange_ = {};
  call_deadline_ = Clock::TimePoint::max();
  head_begun_ = false;
  SetDeadline(host_->options.idle_timeout);
  if (host_->draining && in_.empty()) return Close();
  ProcessInput();
}

void HttpSession::Read() {
  if (reading_ || peer_ended_ || phase_ == Phase::kClosed) return;
  const bool handling = phase_ != Phase::kHead && phase_ != Phase::kBody && phase_ != Phase::kLingering;
  if (handling && in_.size() >= kMaxPipelinedBytes) return;
  reading_ = true;
  read_buffer_.resize(phase_ == Phase::kBody ? kReadBytes : kIdleReadBytes);
  transport_->Read(read_buffer_, [self = shared_from_this()](bool ok, size_t num_bytes) {
    self->reading_ = false;
    self->OnRead(ok, num_bytes);
  });
}

void HttpSession::OnRead(bool ok, size_t num_bytes) {
  if (phase_ == Phase::kClosed) return;
  if (!ok) return Close();
  if (num_bytes == 0) return OnPeerEnded();
  if (phase_ == Phase::kLingering) {
    lingered_bytes_ += static_cast<int64_t>(num_bytes);
    if (lingered_bytes_ > kMaxLingerBytes) return Close();
    return Read();
  }
  in_.append(read_buffer_.data(), num_bytes);
  ProcessInput();
}

// The client has closed, or at least will say no more. A handler is told to stop; what it has
// answered until then is still sent, as a client that only half closed may read it.
void HttpSession::OnPeerEnded() {
  peer_ended_ = true;
  switch (phase_) {
    case Phase::kHandling: StopCall(); return;
    case Phase::kWriting: return;
    default: return Close();
  }
}

void HttpSession::ProcessInput() {
  if (phase_ == Phase::kHead) {
    if (!head_begun_) {
      // An empty line before a request is to be ignored.   [RFC 9112, 2.2]
      const size_t begin = in_.find_first_not_of("\r\n");
      in_.erase(0, begin == std::string::npos ? in_.size() : begin);
      head_begun_ = !in_.empty();
      // The first bytes of a request end the idle time.
      if (head_begun_) SetDeadline(host_->options.header_timeout);
    }
    if (head_begun_) {
      const Result<int64_t> used = parser_->Feed(in_);
      if (!used) return Fault(HttpFaultStatus(used.error()), used.error());
      in_.erase(0, static_cast<size_t>(*used));
      if (parser_->head_done()) return OnHead();
    }
  } else if (phase_ == Phase::kBody) {
    size_t used_bytes = 0;
    while (!parser_->done() && used_bytes < in_.size()) {
      const Result<int64_t> used = parser_->Feed(std::string_view(in_).substr(used_bytes));
      if (!used) return Fault(HttpFaultStatus(used.error()), used.error());
      if (*used == 0) break;
      used_bytes += static_cast<size_t>(*used);
    }
    in_.erase(0, used_bytes);
    if (parser_->done()) return Dispatch();
    // How long a long body takes is its sender's affair, as long as it comes at all.
    if (request_.taker && used_bytes > 0) SetDeadline(host_->options.body_timeout);
  }
  if (peer_ended_) return Close();
  Read();
}

// Fills request_ from the parsed head.
Result<void> HttpSession::BuildRequest() {
  HttpHead& head = parser_->head();
  request_.method = head.method;
  request_.target = head.target;
  request_.headers = std::move(head.headers);
  request_.peer = transport_->peer();
  request_.secure = transport_->secure();
  const auto hosts = std::count_if(request_.headers.begin(), request_.headers.end(), [](const auto& field) {
    return field.first.size() == 4 && HttpHeaders({field}).Find("Host") != nullptr;
  });
  if (head.version == 11 && hosts != 1) {
    return Error::Invalid("Host", "got " + std::to_string(hosts) + " of this header, want one");
  }
  std::string_view target = request_.target;
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const size_t slash = target.find('/', target.find("://") + 3);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (!target.starts_with('/') && !(target == "*" && request_.method == "OPTIONS")) {
    return Error::Invalid("request target", "got '" + std::string(target.substr(0, 100)) + "', want a path");
  }
  const size_t question = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, question);
  request_.query = ParseQuery(target.substr(std::min(question + 1, target.size())));
  return {};
}

void HttpSession::OnHead() {
  const HttpHead& head = parser_->head();
  began_ = host_->loop.Now();
  in_exchange_ = true;
  ++host_->stats.requests;
  is_head_ = head.method == "HEAD";
  version_ = head.version;
  keep_alive_ = head.keep_alive;
  const Result<void> built = BuildRequest();
  const std::string_view wished = request_.headers.Get("X-Request-Id");
  request_.call.request_id = IsGoodRequestId(wished) ? std::string(wished) : host_->new_request_id();
  origin_ = request_.headers.Get("Origin");
  exchange_.method = request_.method;
  exchange_.path = request_.path;
  exchange_.request_id = request_.call.request_id;
  if (!built) return Fault(400, built.error());
  match_ = host_->router.Find(request_.method, request_.path);
  exchange_.pattern = match_.pattern;
  if (!DecideEarly()) return;
  if (Result<void> begun = BeginBody(); !begun) return Fault(HttpFaultStatus(begun.error()), begun.error());
  phase_ = Phase::kBody;
  SetDeadline(host_->options.body_timeout);
  if (head.expects_continue && in_.empty() && !early_) Queue("HTTP/1.1 100 Continue\r\n\r\n");
  if (parser_->done()) return Dispatch();
  ProcessInput();
}

// By the route: how much of a body may come, and where it goes.
Result<void> HttpSession::BeginBody() {
  if (parser_->done()) return {};
  HttpParser::BodySink sink;
  int64_t most = host_->options.max_body_bytes;
  if (match_.options && match_.options->max_body_bytes > 0) most = match_.options->max_body_bytes;
  if (match_.options && match_.options->make_taker && !early_) {
    request_.taker = match_.options->make_taker(request_);
    sink = [taker = request_.taker.get()](std::string_view piece) { return taker->Take(piece); };
  }
  return parser_->BeginBody(most, std::move(sink));
}

// Looks for what needs no body to be answered. False: the exchange has been taken over.
bool HttpSession::DecideEarly() {
  const HttpHead& head = parser_->head();
  if (request_.headers.Find("Expect") && !head.expects_continue && version_ == 11) {
    Fault(417, Error::Invalid("Expect", "got '" + std::string(request_.headers.Get("Expect").substr(0, 100)) +
                                            "', want 100-continue"));
    return false;
  }
  if (!match_.handler) {
    early_ = AnswerWithoutHandler();
  } else if (host_->options.on_head) {
    early_ = host_->options.on_head(request_);
    exchange_.principal = request_.call.principal;
  }
  if (!early_ || parser_->done()) return true;
  // A client that expects 100-continue waits for leave before it sends; it gets this answer instead.
  const bool reads_on = head.content_length && *head.content_length <= kSmallBodyBytes && !head.expects_continue;
  if (reads_on) return true;
  keep_alive_ = false;
  HttpResponse response = std::move(*early_);
  Respond(std::move(response));
  return false;
}

// Answers a request that cannot be read any further, then closes.
void HttpSession::Fault(int status, Error error) {
  if (!in_exchange_) {
    in_exchange_ = true;
    began_ = host_->loop.Now();
    ++host_->stats.requests;
    request_.call.request_id = host_->new_request_id();
    exchange_.request_id = request_.call.request_id;
    is_head_ = false;
    version_ = 11;
    origin_.clear();
  }
  keep_alive_ = false;
  Respond(host_->options.render_error(status, error, request_.path));
}

void HttpSession::SetDeadline(std::chrono::milliseconds from_now) {
  phase_deadline_ = host_->loop.Now() + from_now;
  Arm();
}

void HttpSession::ClearDeadline() { phase_deadline_ = Clock::TimePoint::max(); }

// The timer is only ever moved forward: a deadline that moved away is noticed when it fires.
void HttpSession::Arm() {
  const Clock::TimePoint next = std::min(phase_deadline_, call_deadline_);
  if (phase_ == Phase::kClosed || next == Clock::TimePoint::max() || (timer_ != 0 && armed_for_ <= next)) return;
  host_->loop.Cancel(timer_);
  armed_for_ = next;
  timer_ = host_->loop.At(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void HttpSession::OnTimer() {
  timer_ = 0;
  if (phase_ == Phase::kClosed) return;
  const Clock::TimePoint now = host_->loop.Now();
  if (now >= call_deadline_) {
    call_deadline_ = Clock::TimePoint::max();
    StopCall();
  }
  if (now >= phase_deadline_) {
    ClearDeadline();
    OnPhaseTimeout();
  }
  Arm();
}

void HttpSession::OnPhaseTimeout() {
  const bool slow_head = phase_ == Phase::kHead && head_begun_;
  if (!slow_head && phase_ != Phase::kBody) return Close();
  const auto limit = slow_head ? host_->options.header_timeout : host_->options.body_timeout;
  Fault(408, Error::Timeout(slow_head ? "head" : "body",
                            "got only part of it in " + std::to_string(limit.count()) + " ms, want all"));
}

}  // namespace atelier
