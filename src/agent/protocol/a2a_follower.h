// Says something to a foreign agent, and follows what comes of it until the task ends or asks something back.
//
//   it streams        SendStreamingMessage, whose events are told as they come. A stream that is cut, or silent for
//   long,
//                     ends nothing: GetTask says how the task stands, SubscribeToTask listens again. After that the
//                     last word is GetTask's: what was told in between may have been missed.
//   it does not       SendMessage, and GetTask from time to time
//
// Several answers in a row that do not come, the call's end, and what no agent should send (a task of endless
// artifacts, events of another task, what is no event) end the following; the task is cancelled then where that is
// wanted. A stream that is cut before it names a task may have been heard or not: that is an error, the message is not
// said twice. Loop thread only.   [A2A 1.0.1, 3.1.6 and 3.5; 0.3.0, 7.9]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/protocol/a2a.h"
#include "agent/protocol/a2a_client.h"
#include "base/task/loop.h"

namespace atelier {

class A2aFollower {
 public:
  // The task as it is by now, and what it was that changed it; must not wait. At most kMaxTold of one task are told.
  using OnUpdate = std::function<void(const A2aTask& task, const A2aUpdate& update)>;
  static constexpr int64_t kMaxTold = 1'000;

  struct Options {
    OnUpdate on_update = {};
    bool cancels = false;  // a task that is given up: nobody else waits for it
  };

  // Client and loop must outlive it.
  A2aFollower(A2aClient& client, Loop& loop, A2aPeer peer, Options options)
      : client_(client), loop_(loop), peer_(std::move(peer)), options_(std::move(options)) {}

  // Once.
  Task<Result<A2aReply>> Say(Call call, A2aMessage message);
  // A task that is under way.   Once.
  Task<Result<A2aTask>> Watch(Call call, std::string task_id);

 private:
  bool settled() const { return IsTerminal(task_.state()) || (IsInterrupted(task_.state()) && !is_stale_); }
  Task<Result<A2aReply>> FollowStream(Call call, std::unique_ptr<A2aEvents> events);
  // Events until a message, a settled task or the stream's end.
  Task<Result<std::optional<A2aMessage>>> Hear(A2aEvents& events);
  Result<std::optional<A2aMessage>> Take(const Json& event);
  Result<void> TakeTask(const Json& json);
  void Tell(const A2aUpdate& update);
  Result<void> TakeUpdate(const Json& body, A2aUpdate update);
  // Asks, and listens again, until the task settles.
  Task<Result<A2aTask>> UntilSettled(Call call);
  Task<Result<void>> ListenAgain(Call call);
  // The agent is told that nobody waits any more, where that is wanted and as far as it listens.
  Task<Error> GiveUp(Call call, Error why);

  A2aClient& client_;
  Loop& loop_;
  const A2aPeer peer_;
  const Options options_;
  bool streams_ = peer_.streams();
  A2aTask task_;
  bool misses_some_ = false;  // of what happened to the task: GetTask is to tell
  bool is_stale_ = false;     // what it asks may be what has just been answered
  int64_t kept_bytes_ = 0;    // of artifacts, as events brought them
  int64_t num_updates_ = 0;
};

}  // namespace atelier
