// The second half of a session: running the handler, writing what it answers, streams, the end.
#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "base/net/http_session.h"

namespace atelier {
namespace {

constexpr size_t kMergeBytes = 16 << 10;  // pieces up to this size join those waiting: one write, one packet
constexpr std::chrono::milliseconds kLingerTime{2000};
constexpr std::chrono::milliseconds kDrainLingerTime{100};

// Header values may carry a client's text; whatever could end a line is dropped.
void AppendHeader(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) {
    if (c != '\r' && c != '\n' && c != '\0') head += c;
  }
  head.append("\r\n");
}

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  // Not strftime: names of days and months would follow the locale.
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int size = std::snprintf(
      text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
      kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return std::string(text, static_cast<size_t>(size));
}

bool IsServersOwn(std::string_view name) {
  static constexpr std::array<const char*, 5> kNames = {"Content-Length", "Transfer-Encoding", "Connection", "Date",
                                                        "X-Request-Id"};
  const HttpHeaders one({{std::string(name), ""}});
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* own) { return one.Find(own) != nullptr; });
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined;
}

bool HasBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

// What a handler's BodyWriter holds: outlives the exchange harmlessly.
class HttpSession::StreamSink final : public BodyWriter::Sink {
 public:
  explicit StreamSink(std::shared_ptr<HttpSession> session) : session_(std::move(session)) {}
  bool Write(std::string_view bytes) override { return open() && session_->WriteStream(bytes); }
  bool open() const override { return session_ && session_->phase_ == Phase::kStreaming; }
  bool has_queued() const override { return open() && session_->queued_bytes_ > 0; }
  void WaitUntilTaken(std::coroutine_handle<> waiter) override {
    CHECK_MSG(!session_->flusher_, "one Flush at a time");
    session_->flusher_ = waiter;
  }
  void End() { session_.reset(); }

 private:
  std::shared_ptr<HttpSession> session_;
};

bool BodyWriter::Write(std::string_view bytes) { return sink_->Write(bytes); }
bool BodyWriter::open() const { return sink_->open(); }

Task<bool> BodyWriter::Flush() {
  struct Awaiter {
    std::shared_ptr<Sink> sink;
    bool await_ready() const { return !sink->has_queued(); }
    void await_suspend(std::coroutine_handle<> waiter) { sink->WaitUntilTaken(waiter); }
    void await_resume() const {}
  };
  const std::shared_ptr<Sink> sink = sink_;
  Awaiter awaiter{sink};
  co_await std::move(awaiter);
  co_return sink->open();
}

void HttpSession::StartRefused() {
  phase_ = Phase::kHandling;
  in_exchange_ = true;
  began_ = host_->loop.Now();
  request_.call.request_id = exchange_.request_id = host_->new_request_id();
  Error error = Error::Unavailable(
      "server", "got more than " + std::to_string(host_->options.max_connections) + " connections, want fewer");
  error.retry_after = std::chrono::seconds(1);
  HttpResponse response = host_->options.render_error(503, error, {});
  if (!response.headers.Find("Retry-After")) response.headers.Add("Retry-After", "1");
  Respond(std::move(response));
}

HttpResponse HttpSession::AnswerWithoutHandler() const {
  HttpResponse response;
  const bool whole_server = request_.path == "*";
  if (request_.method == "OPTIONS" && (whole_server || !match_.allowed.empty())) {
    response.status = 204;
    if (!whole_server) response.headers.Add("Allow", Join(match_.allowed));
    if (!origin_.empty() && request_.headers.Find("Access-Control-Request-Method")) {
      const CorsOptions& cors = host_->options.cors;
      if (!cors.allowed_origins.empty()) {
        response.headers.Add("Access-Control-Allow-Methods", Join(match_.allowed));
        response.headers.Add("Access-Control-Allow-Headers", cors.allowed_headers);
        response.headers.Add("Access-Control-Max-Age", std::to_string(cors.max_age_s));
      }
    }
    return response;
  }
  const std::string path = request_.path.substr(0, 200);
  if (match_.allowed.empty()) {
    const Error error = Error::NotFound(request_.method + " " + path, "there is no such route");
    return host_->options.render_error(404, error, request_.path);
  }
  const Error error = Error::Invalid(path, "got " + request_.method.substr(0, 32) + ", want " + Join(match_.allowed));
  response = host_->options.render_error(405, error, request_.path);
  response.headers.Set("Allow", Join(match_.allowed));
  return response;
}

void HttpSession::Dispatch() {
  exchange_.request_bytes = parser_->body_bytes();
  phase_ = Phase::kHandling;
  ClearDeadline();
  if (early_) {
    HttpResponse response = std::move(*early_);
    early_.reset();
    return Respond(std::move(response));
  }
  request_.body = std::move(parser_->body());
  request_.path_parameters = std::move(match_.parameters);
  stop_ = std::stop_source();
  request_.call.stop = stop_.get_token();
  if (host_->options.request_timeout.count() > 0) {
    call_deadline_ = request_.call.deadline = began_ + host_->options.request_timeout;
    Arm();
  }
  ++host_->stats.open_requests;
  Read();  // sees the client leave
  if (peer_ended_) StopCall();
  Spawn(Serve(shared_from_this(), match_.handler, std::move(request_)));
}

Task<void> HttpSession::Serve(std::shared_ptr<HttpSession> self, const HttpHandler* handler, HttpRequest request) {
  const std::string request_id = request.call.request_id;
  HttpResponse response = co_await (*handler)(std::move(request));
  self->request_.call.request_id = request_id;
  HttpResponse::Producer producer = std::move(response.stream);
  response.stream = nullptr;
  if (self->phase_ == Phase::kHandling) {
    const bool streams = producer && !self->is_head_ && HasBody(response.status);
    if (streams && self->peer_ended_) {
      self->Close();
    } else if (streams) {
      self->sink_ = std::make_shared<StreamSink>(self);
      self->phase_ = Phase::kStreaming;
      self->exchange_.status = response.status;
      self->Queue(self->FormatHead(response, true));
      BodyWriter writer(self->sink_);
      co_await producer(std::move(writer));
      self->EndStream();
    } else {
      if (producer) response.body.clear();
      self->Respond(std::move(response));
    }
  }
  --self->host_->stats.open_requests;
}

void HttpSession::Respond(HttpResponse response) {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kWriting;
  exchange_.status = response.status;
  std::string head = FormatHead(response, false);
  const bool has_body = !is_head_ && HasBody(response.status);
  if (has_body) exchange_.response_bytes = static_cast<int64_t>(response.body.size());
  if (has_body && response.body.size() <= kMergeBytes) {
    head += response.body;
    Queue(std::move(head));
  } else {
    Queue(std::move(head));
    if (has_body) Queue(std::move(response.body));
  }
  Read();
}

std::string HttpSession::FormatHead(const HttpResponse& response, bool has_stream) const {
  std::string head;
  head.reserve(512);
  const std::string_view reason = HttpReason(response.status);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(reason.empty() ? "Status" : reason).append("\r\n");
  AppendHeader(head, "Date", HttpDate());
  AppendHeader(head, "Server", host_->options.server_name);
  AppendHeader(head, "X-Request-Id", exchange_.request_id);
  for (const auto& [name, value] : response.headers) {
    if (!IsServersOwn(name)) AppendHeader(head, name, value);
  }
  AppendCors(head);
  if (has_stream && version_ == 11) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!has_stream && HasBody(response.status)) {
    AppendHeader(head, "Content-Length", std::to_string(response.body.size()));
  }
  const bool stays = keep_alive_ && !host_->draining && !(has_stream && version_ == 10);
  if (!stays) {
    head += "Connection: close\r\n";
  } else if (version_ == 10) {
    head += "Connection: keep-alive\r\n";
  }
  return head += "\r\n";
}

void HttpSession::AppendCors(std::string& head) const {
  const CorsOptions& cors = host_->options.cors;
  if (origin_.empty() || cors.allowed_origins.empty()) return;
  const auto listed = [&](std::string_view origin) {
    return std::find(cors.allowed_origins.begin(), cors.allowed_origins.end(), origin) != cors.allowed_origins.end();
  };
  const bool any = listed("*");
  head += "Vary: Origin\r\n";
  if (!any && !listed(origin_)) return;
  AppendHeader(head, "Access-Control-Allow-Origin", any ? "*" : std::string_view(origin_));
  AppendHeader(head, "Access-Control-Expose-Headers", cors.exposed_headers);
}

bool HttpSession::WriteStream(std::string_view bytes) {
  if (bytes.empty()) return true;
  if (queued_bytes_ + static_cast<int64_t>(bytes.size()) > host_->options.max_queued_bytes) {
    ++host_->stats.slow_readers_cut;
    Close();
    return false;
  }
  exchange_.response_bytes += static_cast<int64_t>(bytes.size());
  if (version_ == 10) {
    Queue(std::string(bytes));
    return true;
  }
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
  std::string chunk;
  chunk.reserve(bytes.size() + 24);
  chunk.append(size, end).append("\r\n").append(bytes).append("\r\n");
  Queue(std::move(chunk));
  return true;
}

void HttpSession::EndStream() {
  if (sink_) sink_->End();
  sink_.reset();
  if (phase_ != Phase::kStreaming) return;
  phase_ = Phase::kWriting;
  keep_alive_ = keep_alive_ && version_ == 11;
  if (version_ == 11) Queue("0\r\n\r\n");
  if (!writing_ && queue_.empty()) FinishExchange();
}

void HttpSession::Queue(std::string bytes) {
  if (phase_ == Phase::kClosed) return;
  queued_bytes_ += static_cast<int64_t>(bytes.size());
  // The front may be in the socket's hands; what stands behind it may still grow.
  const bool may_join = queue_.size() > (writing_ ? 1u : 0u);
  if (may_join && queue_.back().size() + bytes.size() <= kMergeBytes) {
    queue_.back() += bytes;
  } else {
    queue_.push_back(std::move(bytes));
  }
  if (!writing_) WriteSome();
}

void HttpSession::WriteSome() {
  writing_ = true;
  SetDeadline(host_->options.write_timeout);
  transport_->Write(std::string_view(queue_.front()).substr(front_written_),
                    [self = shared_from_this()](bool ok, size_t num_bytes) { self->OnWritten(ok, num_bytes); });
}

void HttpSession::OnWritten(bool ok, size_t num_bytes) {
  writing_ = false;
  if (phase_ == Phase::kClosed) {
    queue_.clear();
    return;
  }
  if (!ok) return Close();
  front_written_ += num_bytes;
  queued_bytes_ -= static_cast<int64_t>(num_bytes);
  if (front_written_ == queue_.front().size()) {
    queue_.pop_front();
    front_written_ = 0;
  }
  if (!queue_.empty()) return WriteSome();
  WakeFlusher();
  if (phase_ == Phase::kWriting) return FinishExchange();
  if (phase_ == Phase::kBody) return SetDeadline(host_->options.body_timeout);  // 100 Continue is out
  ClearDeadline();
}

void HttpSession::WakeFlusher() {
  const std::coroutine_handle<> waiter = std::exchange(flusher_, nullptr);
  if (!waiter) return;
  // From the loop: the waiter may well close this session.
  host_->loop.Post([waiter] { Resume(waiter); });
}

void HttpSession::FinishExchange() {
  ReportDone();
  stop_ = std::stop_source(std::nostopstate);  // what happens to the connection now is not this call's affair
  call_deadline_ = Clock::TimePoint::max();
  if (!keep_alive_ || host_->draining) return Linger();
  BeginRequest();
}

void HttpSession::ReportDone() {
  if (!in_exchange_) return;
  in_exchange_ = false;
  exchange_.duration = host_->loop.Now() - began_;
  if (host_->options.on_done) host_->options.on_done(exchange_);
}

// Closing with unread input would reset the connection and could destroy the answer on its way
// (RFC 9112, 9.6): so only the writing side ends, and what comes is read away for a while.
void HttpSession::Linger() {
  // Who said "Connection: close" sends nothing that would have to be read away.
  const bool nothing_more = parser_ && parser_->done() && !parser_->head().keep_alive && !transport_->secure();
  if (peer_ended_ || nothing_more) return Close();
  phase_ = Phase::kLingering;
  in_.clear();
  transport_->EndWrites([self = shared_from_this()](bool, size_t) {});
  SetDeadline(host_->draining ? kDrainLingerTime : kLingerTime);
  Read();
}

}  // namespace atelier
