#include "agent/protocol/a2a_follower.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/protocol/a2a_error.h"

namespace atelier {
namespace {

constexpr std::chrono::milliseconds kFirstPause{250}, kLongestPause{5'000};
constexpr int kMaxFailures = 5;              // in a row
constexpr int64_t kMaxKeptBytes = 16 << 20;  // of a task's artifacts
constexpr size_t kMaxArtifacts = 1'000;

Error BadAnswer(std::string what) { return A2aError(a2a_reason::kBadResponse, "agent", std::move(what)); }

// No answer came, which says nothing of the task.
bool IsOfNetwork(const Error& error) {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimeout;
}

}  // namespace

Task<Result<A2aReply>> A2aFollower::Say(Call call, A2aMessage message) {
  const Json params = Json::Object({{"message", WriteJson(message)}});
  if (streams_) {
    is_stale_ = message.task_id.has_value();  // a stream may begin with the task as it was
    auto opening = client_.Stream(call, peer_, "SendStreamingMessage", params);
    auto opened = co_await opening;
    if (opened.ok()) co_return co_await FollowStream(std::move(call), std::move(*opened));
    if (opened.error().kind != ErrorKind::kUnsupported) co_return std::move(opened).error();
    streams_ = is_stale_ = false;
  }
  auto sending = client_.Ask(call, peer_, "SendMessage", params);
  CO_TRY(const Json reply, co_await sending);
  if (reply["message"].is_object()) {
    CO_TRY(A2aMessage said, ReadA2a<A2aMessage>(reply["message"]));
    co_return A2aReply(std::move(said));
  }
  CO_TRY_VOID(TakeTask(reply["task"]));
  CO_TRY(A2aTask task, co_await UntilSettled(std::move(call)));
  co_return A2aReply(std::move(task));
}

Task<Result<A2aReply>> A2aFollower::FollowStream(Call call, std::unique_ptr<A2aEvents> events) {
  auto heard = co_await Hear(*events);
  events.reset();
  is_stale_ = false;
  if (!heard.ok()) co_return co_await GiveUp(std::move(call), std::move(heard).error());
  if (*heard) co_return A2aReply(std::move(**heard));
  if (task_.id.empty()) {
    co_return Error::Unavailable("agent", "the stream ended before it named a task: the agent heard it, or did not");
  }
  if (settled()) co_return A2aReply(std::move(task_));
  misses_some_ = true;
  CO_TRY(A2aTask task, co_await UntilSettled(std::move(call)));
  co_return A2aReply(std::move(task));
}

Task<Result<A2aTask>> A2aFollower::Watch(Call call, std::string task_id) {
  task_.id = std::move(task_id), misses_some_ = true;
  co_return co_await UntilSettled(std::move(call));
}

Task<Result<std::optional<A2aMessage>>> A2aFollower::Hear(A2aEvents& events) {
  for (;;) {
    auto event = co_await events.Next();
    const bool over = event.ok() ? !*event : events.is_cut();
    if (over) co_return std::optional<A2aMessage>();
    if (!event.ok()) co_return std::move(event).error();
    CO_TRY(std::optional<A2aMessage> said, Take(**event));
    if (said || settled()) co_return std::move(said);
  }
}

Result<std::optional<A2aMessage>> A2aFollower::Take(const Json& event) {
  if (event["message"].is_object()) {
    TRY(A2aMessage said, ReadA2a<A2aMessage>(event["message"]));
    return std::optional(std::move(said));
  }
  if (event["task"].is_object()) {
    TRY_VOID(TakeTask(event["task"]));
  } else if (const Json& told = event["statusUpdate"]; told.is_object()) {
    TRY(A2aStatus status, ReadA2a<A2aStatus>(told["status"]));
    TRY_VOID(TakeUpdate(told, std::move(status)));
  } else if (const Json& piece = event["artifactUpdate"]; piece.is_object()) {
    TRY(A2aArtifact artifact, ReadA2a<A2aArtifact>(piece["artifact"]));
    A2aArtifactUpdate update{.artifact = std::move(artifact)};
    update.append = piece["append"] == Json(true), update.last_chunk = piece["lastChunk"] == Json(true);
    kept_bytes_ += static_cast<int64_t>(piece.Dump().size());
    TRY_VOID(TakeUpdate(piece, std::move(update)));
  } else {
    return BadAnswer("got an event that is no task, message, statusUpdate or artifactUpdate");
  }
  const size_t num_artifacts = task_.artifacts ? task_.artifacts->size() : 0;
  if (kept_bytes_ > kMaxKeptBytes || num_artifacts > kMaxArtifacts) {
    return Error::TooLarge("agent", "got artifacts of more than " + std::to_string(kMaxKeptBytes >> 20) +
                                        " MiB, or more than " + std::to_string(kMaxArtifacts));
  }
  return std::optional<A2aMessage>();
}

Result<void> A2aFollower::TakeTask(const Json& json) {
  TRY(A2aTask task, ReadA2a<A2aTask>(json));
  if (task.id.empty()) return BadAnswer("got a task without an id");
  if (!task_.id.empty() && task.id != task_.id) return BadAnswer("got a task that is another");
  const bool is_news = task.status.state != task_.status.state;
  task_ = std::move(task);
  if (is_news) Tell(task_.status);
  return {};
}

Result<void> A2aFollower::TakeUpdate(const Json& body, A2aUpdate update) {
  const Json& id = body["taskId"];
  if (!id.is_string() || id.AsString().empty()) return BadAnswer("got an update without a taskId");
  if (task_.id.empty()) {
    task_.id = id.AsString();
    if (body["contextId"].is_string()) task_.context_id = body["contextId"].AsString();
  }
  if (task_.id != id.AsString()) return BadAnswer("got an update of another task");
  if (std::holds_alternative<A2aStatus>(update)) is_stale_ = false;
  Apply(update, task_);
  Tell(update);
  return {};
}

void A2aFollower::Tell(const A2aUpdate& update) {
  if (++num_updates_ <= kMaxTold && options_.on_update) options_.on_update(task_, update);
}

Task<Result<A2aTask>> A2aFollower::UntilSettled(Call call) {
  std::chrono::milliseconds pause = misses_some_ ? std::chrono::milliseconds(0) : kFirstPause;
  for (int failures = 0; misses_some_ || !settled();) {
    const bool slept = co_await SleepFor(loop_, pause, call.stop);
    if (!slept || call.stopped(loop_.Now())) {
      co_return co_await GiveUp(call, Error::Cancelled("agent", "the call was stopped"));
    }
    pause = std::clamp(pause * 2, kFirstPause, kLongestPause);
    auto asking = client_.Ask(call, peer_, "GetTask", Json::Object({{"id", task_.id}}));
    const Result<Json> found = co_await asking;
    if (!found.ok()) {
      if (IsOfNetwork(found.error()) && ++failures < kMaxFailures) continue;
      co_return found.error();
    }
    failures = 0, misses_some_ = false;
    CO_TRY_VOID(TakeTask(*found));
    if (settled() || !streams_) continue;
    const int64_t before = num_updates_;
    Result<void> heard = co_await ListenAgain(call);
    if (!heard.ok()) co_return co_await GiveUp(call, std::move(heard).error());
    misses_some_ = true;
    if (num_updates_ > before) pause = settled() ? std::chrono::milliseconds(0) : kFirstPause;
  }
  co_return std::move(task_);
}

// Where it cannot be listened to, nothing is heard, and the task is asked for from time to time.
Task<Result<void>> A2aFollower::ListenAgain(Call call) {
  auto opening = client_.Stream(std::move(call), peer_, "SubscribeToTask", Json::Object({{"id", task_.id}}));
  auto opened = co_await opening;
  if (!opened.ok()) {
    if (!IsOfNetwork(opened.error())) streams_ = false;
    co_return Result<void>();
  }
  CO_TRY_VOID(co_await Hear(**opened));
  co_return Result<void>();
}

Task<Error> A2aFollower::GiveUp(Call call, Error why) {
  if (!options_.cancels || task_.id.empty()) co_return why;
  Call last;
  last.deadline = loop_.Now() + std::chrono::seconds(5), last.span = call.span;
  auto cancelling = client_.Ask(std::move(last), peer_, "CancelTask", Json::Object({{"id", task_.id}}));
  (void)co_await cancelling;
  why.what += "; the agent was told";
  co_return why;
}

}  // namespace atelier
