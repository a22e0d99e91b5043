// A2aDesk: an agent's side of A2A, whatever the binding: takes messages, keeps tasks, tells those who watch. What the
// agent does for a task is an A2aExecutor's; the desk knows what the protocol promises of it.
//
//   Send      a message  -> a new task, or a task that was interrupted goes on
//   Watch     updates of a task as they come, for any number of watchers, all in the same order
//   Get, List, Cancel, push configurations
//
// A task's row is written before its client hears of it, and what an answer says of it before that is given: after a
// crash it is so still. Streams tell at once. A task that was under way when the process ended goes on when
// the desk opens again (Resume): its executor finds out how far it came. A client that leaves ends nothing.
//
// Loop thread only.   [A2A 1.0.1, section 3]
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "agent/protocol/a2a.h"
#include "agent/protocol/a2a_store.h"
#include "base/clock.h"
#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/stream.h"
#include "base/task/task.h"

namespace atelier {

using OnA2aUpdate = std::function<void(A2aUpdate update)>;

// What an agent does for its tasks. Loop thread only.
class A2aExecutor {
 public:
  virtual ~A2aExecutor() = default;
  // An answer that needs no task; nothing: it takes one.
  virtual std::optional<A2aMessage> Direct(const A2aMessage& /*message*/) { return {}; }
  // Whether it can take the message at all. Errors refuse it before a task is made.
  virtual Result<void> Check(const A2aMessage& /*message*/) { return {}; }
  // Makes what the task stands for; durable when it returns. `earlier`: the conversation's tasks before it, oldest
  // first. After a crash it may be called again for the same task.
  virtual Task<Result<void>> Begin(A2aRow row, std::vector<A2aTask> earlier) = 0;
  // A message for an interrupted task, before Work is called again. Errors refuse the message.
  virtual Task<Result<void>> Continue(A2aRow row, A2aMessage message) = 0;
  // Does what there is to do until the task ends, is interrupted, or the call is stopped. Each thing that happens is
  // told once; the last is a status that is terminal or interrupted, unless it was stopped.
  virtual Task<void> Work(Call call, A2aRow row, OnA2aUpdate tell) = 0;
  // Whether a task that is interrupted goes on elsewhere by now: then Work is called to see how.
  virtual Task<bool> HasMoved(A2aRow /*row*/) { co_return false; }
  // Ends the task's work; Work, where it runs, tells so. Errors: it cannot be ended.
  virtual Task<Result<void>> Cancel(A2aRow row) = 0;
};

struct A2aCaller {
  std::string principal = {};
  A2aVersion version = A2aVersion::kV10;
  std::string url = {};                      // the agent's, as the caller knows it
  std::vector<std::string> extensions = {};  // that the caller says it knows, by their URIs
  Call call = {};
};

// A task as it was when watching began, and what happens to it from then on. The stream ends with the task.
struct A2aWatch {
  A2aTask task = {};
  std::shared_ptr<Channel<std::shared_ptr<const A2aUpdate>>> updates = {};  // null: it has ended
};

using A2aStreamReply = std::variant<A2aMessage, A2aWatch>;

class A2aPush;

class A2aDesk {
 public:
  struct Parts {
    Loop& loop;
    Pool& pool;
    const Clock& clock;
    A2aStore& store;
    std::string agent;  // whose desk it is
    std::shared_ptr<A2aExecutor> executor;
    A2aPush* push = nullptr;  // null: updates are told to no URL
  };
  explicit A2aDesk(Parts parts);
  ~A2aDesk();

  // Goes on with what was under way when the process before this one ended: once, at the start; requests may come in
  // meanwhile.
  Task<Result<void>> Resume();
  // The work of a task goes on by somebody else's doing: looks after it, if it is one of ours.
  void LookAfter(const A2aRow& row);
  bool IsAtWork(const std::string& task_id) const;
  // Ends what is under way, as a crash would, and waits for it.
  Task<void> Stop();

  // Waits until the task ends or is interrupted, unless the request does not want to.
  Task<Result<A2aReply>> Send(A2aCaller caller, A2aSend request);
  Task<Result<A2aStreamReply>> SendStreaming(A2aCaller caller, A2aSend request);
  Task<Result<A2aTask>> Get(A2aCaller caller, A2aTaskQuery query);
  Task<Result<A2aPage>> List(A2aCaller caller, A2aListQuery query);
  Task<Result<A2aTask>> Cancel(A2aCaller caller, std::string id);
  // A task that has ended cannot be watched.
  Task<Result<A2aWatch>> Watch(A2aCaller caller, std::string id);
  // Whoever was given a watch says when it is over.
  void EndWatch(const A2aWatch& watch);

  Task<Result<A2aPushConfig>> CreatePush(A2aCaller caller, A2aPushConfig config);
  Task<Result<A2aPushConfig>> GetPush(A2aCaller caller, A2aPushQuery query);
  Task<Result<std::vector<A2aPushConfig>>> ListPushes(A2aCaller caller, std::string task_id);
  Task<Result<void>> DeletePush(A2aCaller caller, A2aPushQuery query);

 private:
  struct Live;
  using LivePtr = std::shared_ptr<Live>;

  A2aOwner OwnerOf(const A2aCaller& caller) const { return {.agent = parts_.agent, .principal = caller.principal}; }
  int64_t NowMs() const { return parts_.clock.UnixNanos() / 1'000'000; }
  // The task with what is known of it right now.
  Task<Result<A2aTask>> Find(A2aCaller caller, std::string id);
  Task<Result<A2aRow>> Accept(A2aCaller caller, A2aSend request);
  Task<Result<A2aRow>> BeginTask(A2aCaller caller, A2aSend request);
  Task<Result<A2aRow>> ContinueTask(A2aCaller caller, A2aSend request);
  Task<Result<void>> KeepPush(A2aCaller caller, std::string task_id, A2aPushConfig& config);
  // What has been told is written.
  Task<Result<void>> Written();
  LivePtr StartWork(A2aRow row);
  Task<void> Work(LivePtr live);
  void Tell(const LivePtr& live, A2aUpdate update);
  LivePtr FindLive(const std::string& id) const;
  // A live one for those who watch, whether or not work is under way.
  LivePtr LiveOf(const A2aRow& row);
  void Forget(const LivePtr& live);
  A2aWatch WatchLive(const LivePtr& live);

  Parts parts_;
  std::map<std::string, LivePtr> live_;
  bool resumed_ = false;
  std::set<std::string> begun_;  // here, before Resume was done: they are not among what it goes on with
  std::stop_source stop_;
};

// A task as a client wants it: at most `history_length` messages.
A2aTask Trimmed(A2aTask task, const std::optional<int32_t>& history_length);

}  // namespace atelier
