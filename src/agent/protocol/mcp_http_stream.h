// What answers one HTTP request of MCP: one JSON body where the answer is the first thing to be said, and else a stream
// of events. Until it is known which, nothing is sent, so that a fault can have its HTTP status; a long silence decides
// for the stream.
//
// A resumable stream (stateful era) numbers its events and keeps the last of them: it outlives its connection, and a
// client that comes back with the last id it saw gets what came after. Event ids are "STREAM-NUMBER"; number 0 is an
// empty event that gives the client something to come back with.   Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "agent/protocol/mcp_context.h"
#include "base/net/http.h"
#include "base/task/loop.h"
#include "base/task/stop_link.h"
#include "base/task/stream.h"

namespace atelier {

class McpHttpStream final : public McpOutlet, public std::enable_shared_from_this<McpHttpStream> {
 public:
  struct Options {
    std::string id = {};  // of the stream, where it is resumable; empty: it is not
    bool prime = false;   // begins with the empty event
    int64_t max_kept_bytes = 1 << 20;
    std::chrono::milliseconds patience{5'000};  // before a silence decides for a stream
    std::chrono::milliseconds keep_alive{15'000};
    std::chrono::milliseconds retry{1'000};
  };
  McpHttpStream(Loop& loop, Options options)
      : loop_(loop), options_(std::move(options)), begun_(Channel<bool>::Create(loop, 1)) {}

  bool Send(const RpcMessage& message) override;
  void End() override;
  void LetGo(std::chrono::milliseconds retry) override;

  // The response, once it is known what it is. `stop`: of the connection.
  Task<HttpResponse> Respond(std::stop_token stop);
  // A stream of events from the one after `after` on, at once. A connection that reads already is let go of; this one
  // at `until`.
  HttpResponse Events(int64_t after, std::stop_token stop, Loop::TimePoint until = Loop::TimePoint::max());

  bool ended() const { return ended_; }
  bool has_reader() const { return writer_.has_value(); }
  // All of it was written to a connection.
  bool delivered() const { return ended_ && num_written_ >= num_events_; }
  // Events after `number` are all kept.
  bool CanResume(int64_t number) const { return number >= num_dropped_ && number <= num_events_; }

 private:
  std::string EventText(const std::string& data, int64_t number) const;
  Task<void> Write(int64_t after, Loop::TimePoint until, std::shared_ptr<StopLink> link, BodyWriter writer);
  void ReleaseReader();
  void ForgetOldest();
  void ForgetWritten();

  Loop& loop_;
  const Options options_;
  const std::shared_ptr<Channel<bool>> begun_;  // closed once there is something to say
  bool streaming_ = false;
  bool ended_ = false;
  std::optional<RpcMessage> answer_;  // came first
  std::deque<std::string> kept_;      // events num_dropped_ + 1 … num_events_, as messages
  int64_t kept_bytes_ = 0;
  int64_t num_events_ = 0;
  int64_t num_dropped_ = 0;
  int64_t num_written_ = 0;
  std::optional<BodyWriter> writer_;
  std::shared_ptr<StopLink> reader_;  // of the connection that reads
};

// The HTTP status of an answer.
int McpHttpStatus(const RpcMessage& answer);

}  // namespace atelier
