// One connection of the HTTP server, from accept to close. A state machine of callbacks (the phases
// below); only the handler itself is a coroutine. Knows nothing of sockets (transport.h) nor of the
// other sessions (SessionHost).
//
//   kHandshake -> kHead -> kBody -> kHandling -> kWriting or kStreaming -> kHead ...
//                   any fault -> kWriting, then kLingering (so that the answer outlives unread input) -> kClosed
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/net/http_parser.h"
#include "base/net/http_server.h"
#include "base/net/transport.h"

namespace atelier {

class HttpSession;

// What all sessions of a server share.
struct SessionHost {
  Loop& loop;
  const ServerOptions options;
  const Router router;
  ServerStats stats;
  bool draining = false;
  std::function<void(HttpSession*)> on_closed;
  std::function<std::string()> new_request_id;
};

class BodyWriter::Sink {
 public:
  virtual ~Sink() = default;
  virtual bool Write(std::string_view bytes) = 0;
  virtual bool open() const = 0;
  virtual bool has_queued() const = 0;
  // Resumes `waiter` once nothing is queued or the stream is over.
  virtual void WaitUntilTaken(std::coroutine_handle<> waiter) = 0;
};

class HttpSession final : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<SessionHost> host, std::unique_ptr<Transport> transport);
  ~HttpSession();

  void Start();
  // Answers 503 and goes away.
  void StartRefused();
  // The server drains: go when idle, else after the exchange under way.
  void Drain();
  // Tells the handler to stop, if one runs.
  void StopCall();
  // Cuts the connection.
  void Close();

 private:
  enum class Phase { kHandshake, kHead, kBody, kHandling, kWriting, kStreaming, kLingering, kClosed };
  class StreamSink;

  // Reading (http_session.cc).
  void BeginRequest();
  void Read();
  void OnRead(bool ok, size_t num_bytes);
  void OnPeerEnded();
  void ProcessInput();
  void OnHead();
  Result<void> BuildRequest();
  bool DecideEarly();
  Result<void> BeginBody();
  void Fault(int status, Error error);

  // Handling and writing (http_respond.cc).
  void Dispatch();
  static Task<void> Serve(std::shared_ptr<HttpSession> self, const HttpHandler* handler, HttpRequest request);
  static Task<void> Produce(std::shared_ptr<HttpSession> self, HttpResponse::Producer producer);
  void Respond(HttpResponse response);
  std::string FormatHead(const HttpResponse& response, bool has_stream) const;
  void AppendCors(std::string& head) const;
  HttpResponse AnswerWithoutHandler() const;
  bool WriteStream(std::string_view bytes);
  void EndStream();
  void Queue(std::string bytes);
  void WriteSome();
  void OnWritten(bool ok, size_t num_bytes);
  void FinishExchange();
  void Linger();
  void ReportDone();
  void WakeFlusher();

  // Time.
  void SetDeadline(std::chrono::milliseconds from_now);
  void ClearDeadline();
  void Arm();
  void OnTimer();
  void OnPhaseTimeout();

  std::shared_ptr<SessionHost> host_;
  std::unique_ptr<Transport> transport_;
  Phase phase_ = Phase::kHandshake;

  std::string in_;  // received, not yet parsed
  std::vector<char> read_buffer_;
  bool reading_ = false;
  bool peer_ended_ = false;
  bool head_begun_ = false;  // bytes of the next request have come
  int64_t lingered_bytes_ = 0;
  std::optional<HttpParser> parser_;

  // The exchange under way.
  HttpRequest request_;
  Router::Match match_;
  std::optional<HttpResponse> early_;  // decided from the head alone
  std::stop_source stop_{std::nostopstate};
  HttpExchange exchange_;
  Clock::TimePoint began_{};
  std::string origin_;
  bool is_head_ = false;
  int version_ = 11;
  bool keep_alive_ = false;
  bool in_exchange_ = false;
  std::shared_ptr<StreamSink> sink_;

  std::deque<std::string> queue_;  // to be written; the front may be under way
  size_t front_written_ = 0;
  int64_t queued_bytes_ = 0;
  bool writing_ = false;
  std::coroutine_handle<> flusher_;

  Clock::TimePoint phase_deadline_ = Clock::TimePoint::max();
  Clock::TimePoint call_deadline_ = Clock::TimePoint::max();
  Clock::TimePoint armed_for_ = Clock::TimePoint::max();
  Loop::TimerId timer_ = 0;
};

}  // namespace atelier
