#include "agent/protocol/a2a_desk.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_push.h"
#include "agent/protocol/a2a_time.h"
#include "base/object_id.h"

namespace atelier {
namespace {

constexpr size_t kMaxQueuedUpdates = 10'000;  // of one watcher; who reads more slowly is cut off
constexpr size_t kMaxWatchers = 256;          // of one task
constexpr size_t kMaxLive = 4'096;            // tasks at work or watched
constexpr int64_t kMaxEarlier = 20;           // tasks of a conversation that a new one is told of
constexpr size_t kMaxHistory = 1'000;         // messages of one task

bool IsSettled(A2aState state) { return IsTerminal(state) || IsInterrupted(state); }

A2aStatus StatusOf(A2aState state, int64_t now_ms) {
  return {.state = std::string(A2aStateName(state)), .timestamp = A2aTime(now_ms)};
}

Error CannotGoOn(const A2aTask& task) {
  const std::string state = task.status.state;
  return A2aError(a2a_reason::kUnsupported, "message.taskId",
                  IsTerminal(task.state()) ? "the task has ended (" + state + "): begin a new one in its context"
                                           : "the task is at work (" + state + "): it takes no message now");
}

// What is told to URLs of an update; nothing: the update is only a piece.
std::optional<Json> EventFor(const A2aTask& task, const A2aUpdate& update) {
  const auto* change = std::get_if<A2aArtifactUpdate>(&update);
  if (change == nullptr) return A2aEvent(task, update);
  if (change->append && !change->last_chunk) return {};
  for (const A2aArtifact& artifact : *task.artifacts) {
    if (artifact.artifact_id != change->artifact.artifact_id) continue;
    return A2aEvent(task, A2aArtifactUpdate{.artifact = artifact, .last_chunk = true});
  }
  return {};
}

}  // namespace

A2aTask Trimmed(A2aTask task, const std::optional<int32_t>& history_length) {
  if (!task.history || !history_length) return task;
  const size_t most = static_cast<size_t>(*history_length);
  if (most == 0) {
    task.history.reset();
  } else if (task.history->size() > most) {
    task.history->erase(task.history->begin(), task.history->end() - static_cast<std::ptrdiff_t>(most));
  }
  return task;
}

struct A2aDesk::Live {
  A2aRow row;
  bool working = false;
  bool taken = false;  // a message is being taken in: a second one has to wait
  int saving = 0;      // changes that are not committed yet
  std::vector<std::shared_ptr<Channel<std::shared_ptr<const A2aUpdate>>>> watchers = {};
};

A2aDesk::A2aDesk(Parts parts) : parts_(std::move(parts)) {}
A2aDesk::~A2aDesk() = default;

A2aDesk::LivePtr A2aDesk::FindLive(const std::string& id) const {
  const auto at = live_.find(id);
  return at == live_.end() ? nullptr : at->second;
}

A2aDesk::LivePtr A2aDesk::LiveOf(const A2aRow& row) {
  LivePtr& live = live_[row.task.id];
  if (!live) live = std::make_shared<Live>(Live{.row = row});
  return live;
}

void A2aDesk::Forget(const LivePtr& live) {
  std::erase_if(live->watchers, [](const auto& watcher) { return watcher->closed(); });
  if (!live->working && !live->taken && live->saving == 0 && live->watchers.empty()) live_.erase(live->row.task.id);
}

A2aWatch A2aDesk::WatchLive(const LivePtr& live) {
  A2aWatch watch{.task = live->row.task};
  std::erase_if(live->watchers, [](const auto& watcher) { return watcher->closed(); });
  if (IsTerminal(watch.task.state())) return watch;
  watch.updates = Channel<std::shared_ptr<const A2aUpdate>>::Create(parts_.loop, kMaxQueuedUpdates);
  live->watchers.push_back(watch.updates);
  return watch;
}

void A2aDesk::Tell(const LivePtr& live, A2aUpdate update) {
  A2aTask& task = live->row.task;
  if (IsTerminal(task.state())) return;
  if (auto* status = std::get_if<A2aStatus>(&update)) {
    live->row.updated_ms = std::max(live->row.updated_ms, NowMs());
    status->timestamp = A2aTime(live->row.updated_ms);
    if (status->message) {
      status->message->task_id = task.id, status->message->context_id = task.context_id;
      if (status->message->message_id.empty()) status->message->message_id = NewObjectId("msg_");
    }
  }
  Apply(update, task);
  if (std::optional<Json> event = EventFor(task, update)) {
    // Until it is written, what is live is what is asked for.
    ++live->saving;
    auto saved = [this, live](const Result<void>&) {
      parts_.loop.Post([this, live] {
        --live->saving;
        if (parts_.push) parts_.push->Wake();
        Forget(live);
      });
    };
    parts_.store.SaveLater(live->row, std::move(event), std::move(saved));
  }
  const auto shared = std::make_shared<const A2aUpdate>(std::move(update));
  for (const auto& watcher : live->watchers) watcher->Push(shared);
  if (!IsTerminal(task.state())) return;
  for (const auto& watcher : live->watchers) watcher->Close();
  live->watchers.clear();
}

Task<void> A2aDesk::Work(LivePtr live) {
  Call call;
  call.stop = stop_.get_token(), call.principal = live->row.owner.principal;
  OnA2aUpdate tell = [this, live](A2aUpdate update) { Tell(live, std::move(update)); };
  auto working = parts_.executor->Work(std::move(call), live->row, std::move(tell));
  co_await working;
  live->working = false;
  if (stop_.stop_requested()) {
    for (const auto& watcher : live->watchers) watcher->Close();
  }
  Forget(live);
}

A2aDesk::LivePtr A2aDesk::StartWork(A2aRow row) {
  LivePtr live = LiveOf(row);
  if (live->working) return live;
  live->working = true;
  Spawn(Work(live));
  return live;
}

Task<Result<void>> A2aDesk::Resume() {
  auto read = [this] { return parts_.store.Unfinished(parts_.agent); };
  CO_TRY(const std::vector<A2aRow> rows, co_await OnPool(parts_.pool, read));
  for (const A2aRow& row : rows) {
    if (FindLive(row.task.id) || begun_.contains(row.task.id)) continue;
    if (row.task.state() == A2aState::kSubmitted) {
      auto earlier = [&] { return parts_.store.Conversation(row.owner, row.task.context_id, kMaxEarlier); };
      CO_TRY(std::vector<A2aTask> tasks, co_await OnPool(parts_.pool, earlier));
      std::erase_if(tasks, [&](const A2aTask& task) { return task.id == row.task.id; });
      auto beginning = parts_.executor->Begin(row, std::move(tasks));
      const Result<void> begun = co_await beginning;
      if (!begun.ok()) {
        A2aStatus failed = StatusOf(A2aState::kFailed, NowMs());
        failed.message = A2aMessage{.role = std::string(kA2aAgent), .parts = {A2aText(begun.error().Message())}};
        Tell(LiveOf(row), std::move(failed));
        Forget(LiveOf(row));
        continue;
      }
    }
    StartWork(row);
  }
  resumed_ = true;
  begun_.clear();
  co_return Result<void>();
}

bool A2aDesk::IsAtWork(const std::string& task_id) const {
  const LivePtr live = FindLive(task_id);
  return live && (live->working || live->taken);
}

void A2aDesk::LookAfter(const A2aRow& row) {
  if (!IsAtWork(row.task.id) && IsInterrupted(row.task.state())) StartWork(row);
}

Task<void> A2aDesk::Stop() {
  stop_.request_stop();
  for (;;) {
    const auto at = std::ranges::find_if(live_, [](const auto& one) { return one.second->working; });
    if (at == live_.end()) co_return;
    const LivePtr live = at->second;
    A2aWatch watch = WatchLive(live);
    while (watch.updates && live->working) {
      const auto batch = co_await watch.updates->NextBatch();
      if (batch.empty()) break;
    }
    // The work ends in a turn of its own after its last word.
    if (live->working) co_await SleepFor(parts_.loop, std::chrono::milliseconds(1));
  }
}

Task<Result<A2aTask>> A2aDesk::Find(A2aCaller caller, std::string id) {
  const A2aOwner owner = OwnerOf(caller);
  // What is live knows more than what was last written; looked at before the store, which has all of what is not.
  if (const LivePtr live = FindLive(id); live && live->row.owner == owner) co_return live->row.task;
  auto get = [this, &owner, &id] { return parts_.store.Get(owner, id); };
  CO_TRY(A2aTask task, co_await OnPool(parts_.pool, get));
  if (IsInterrupted(task.state()) && !FindLive(id)) {
    A2aRow row{.owner = owner, .task = task, .updated_ms = NowMs()};
    if (co_await parts_.executor->HasMoved(row)) StartWork(row);
  }
  if (const LivePtr live = FindLive(id)) co_return live->row.task;
  co_return task;
}

Task<Result<A2aRow>> A2aDesk::BeginTask(A2aCaller caller, A2aSend request) {
  if (live_.size() >= kMaxLive) {
    Error error = Error::Exhausted("tasks", "got " + std::to_string(live_.size()) + " under way, want fewer");
    error.retry_after = std::chrono::milliseconds(5'000);
    co_return error;
  }
  A2aRow row{.owner = OwnerOf(caller), .updated_ms = NowMs()};
  row.task.id = NewObjectId("run_");
  if (!resumed_) begun_.insert(row.task.id);
  const std::string given = request.message.context_id.value_or(std::string());
  row.task.context_id = given.empty() ? NewObjectId("ctx_") : given;
  std::vector<A2aTask> earlier;
  if (!given.empty()) {
    // What the conversation's last task came to may be told already and be written next.
    auto read = [this, &row]() -> Result<std::vector<A2aTask>> {
      TRY_VOID(parts_.store.Flush());
      return parts_.store.Conversation(row.owner, row.task.context_id, kMaxEarlier);
    };
    CO_TRY(earlier, co_await OnPool(parts_.pool, read));
  }
  row.task.status = StatusOf(A2aState::kSubmitted, row.updated_ms);
  request.message.task_id = row.task.id, request.message.context_id = row.task.context_id;
  row.task.history = {std::move(request.message)};
  row.task.metadata = std::move(request.metadata);
  auto save = [this, &row] { return parts_.store.Save(row); };
  CO_TRY_VOID(co_await OnPool(parts_.pool, save));
  if (request.configuration && request.configuration->push) {
    CO_TRY_VOID(co_await KeepPush(caller, row.task.id, *request.configuration->push));
  }
  auto beginning = parts_.executor->Begin(row, std::move(earlier));
  const Result<void> begun = co_await beginning;
  if (!begun.ok()) {
    A2aStatus refused = StatusOf(A2aState::kRejected, NowMs());
    refused.message = A2aMessage{.role = std::string(kA2aAgent), .parts = {A2aText(begun.error().Message())}};
    const LivePtr live = LiveOf(row);
    Tell(live, std::move(refused));
    row = live->row;
    Forget(live);
  }
  co_return row;
}

Task<Result<A2aRow>> A2aDesk::ContinueTask(A2aCaller caller, A2aSend request) {
  CO_TRY(A2aTask task, co_await Find(caller, *request.message.task_id));
  const std::string given = request.message.context_id.value_or(std::string());
  if (!given.empty() && given != task.context_id) {
    co_return Error::Invalid("message.contextId", "got another than the task's");
  }
  if (!IsInterrupted(task.state())) co_return CannotGoOn(task);
  const LivePtr live = LiveOf({.owner = OwnerOf(caller), .task = task, .updated_ms = NowMs()});
  if (live->taken || live->working) co_return CannotGoOn(task);
  live->taken = true;
  request.message.context_id = task.context_id;
  auto going_on = parts_.executor->Continue(live->row, request.message);
  Result<void> taken = co_await going_on;
  if (taken.ok() && request.configuration && request.configuration->push) {
    taken = co_await KeepPush(caller, task.id, *request.configuration->push);
  }
  live->taken = false;
  if (!taken.ok()) {
    Forget(live);
    co_return std::move(taken).error();
  }
  A2aTask& now = live->row.task;
  if (!now.history) now.history.emplace();
  if (now.status.message) now.history->push_back(std::move(*now.status.message));
  now.history->push_back(std::move(request.message));
  if (now.history->size() > kMaxHistory) now.history->erase(now.history->begin());
  Tell(live, StatusOf(A2aState::kWorking, NowMs()));
  co_return live->row;
}

Task<Result<A2aRow>> A2aDesk::Accept(A2aCaller caller, A2aSend request) {
  const bool is_new = request.message.task_id.value_or(std::string()).empty();
  if (is_new) co_return co_await BeginTask(std::move(caller), std::move(request));
  co_return co_await ContinueTask(std::move(caller), std::move(request));
}

Task<Result<A2aStreamReply>> A2aDesk::SendStreaming(A2aCaller caller, A2aSend request) {
  CO_TRY_VOID(CheckA2aMessage(request.message));
  if (request.message.role != kA2aUser) {
    co_return Error::Invalid("message.role", "got " + request.message.role + ", want ROLE_USER");
  }
  CO_TRY_VOID(parts_.executor->Check(request.message));
  if (request.message.task_id.value_or(std::string()).empty()) {
    if (std::optional<A2aMessage> direct = parts_.executor->Direct(request.message)) {
      direct->context_id = request.message.context_id ? *request.message.context_id : NewObjectId("ctx_");
      co_return A2aStreamReply(std::move(*direct));
    }
  }
  CO_TRY(A2aRow row, co_await Accept(std::move(caller), std::move(request)));
  if (IsTerminal(row.task.state())) co_return A2aStreamReply(A2aWatch{.task = std::move(row.task)});
  const LivePtr live = LiveOf(row);
  A2aWatch watch = WatchLive(live);
  StartWork(std::move(row));
  co_return A2aStreamReply(std::move(watch));
}

Task<Result<void>> A2aDesk::Written() {
  auto flush = [this] { return parts_.store.Flush(); };
  co_return co_await OnPool(parts_.pool, flush);
}

Task<Result<A2aReply>> A2aDesk::Send(A2aCaller caller, A2aSend request) {
  const bool at_once = request.configuration && request.configuration->return_immediately;
  const std::optional<int32_t> history_length =
      request.configuration ? request.configuration->history_length : std::nullopt;
  const std::stop_token stop = caller.call.stop;
  CO_TRY(A2aStreamReply reply, co_await SendStreaming(std::move(caller), std::move(request)));
  if (auto* message = std::get_if<A2aMessage>(&reply)) co_return A2aReply(std::move(*message));
  A2aWatch& watch = std::get<A2aWatch>(reply);
  if (watch.updates) {
    const std::stop_callback on_stop(stop, [&watch] { watch.updates->Close(); });
    while (!at_once && !IsSettled(watch.task.state())) {
      const auto batch = co_await watch.updates->NextBatch();
      if (batch.empty()) break;
      for (const auto& update : batch) Apply(*update, watch.task);
    }
  }
  EndWatch(watch);
  if (!at_once && !IsSettled(watch.task.state())) co_return Error::Cancelled("task", "the server is ending");
  CO_TRY_VOID(co_await Written());
  co_return A2aReply(Trimmed(std::move(watch.task), history_length));
}

Task<Result<A2aTask>> A2aDesk::Get(A2aCaller caller, A2aTaskQuery query) {
  CO_TRY(A2aTask task, co_await Find(std::move(caller), std::move(query.id)));
  co_return Trimmed(std::move(task), query.history_length);
}

Task<Result<A2aPage>> A2aDesk::List(A2aCaller caller, A2aListQuery query) {
  const A2aOwner owner = OwnerOf(caller);
  auto list = [this, &owner, &query]() -> Result<A2aPage> {
    TRY_VOID(parts_.store.Flush());
    return parts_.store.List(owner, query);
  };
  CO_TRY(A2aPage page, co_await OnPool(parts_.pool, list));
  for (A2aTask& task : page.tasks) {
    if (const LivePtr live = FindLive(task.id)) task = live->row.task;
    if (!query.include_artifacts.value_or(false)) {
      task.artifacts.reset();
    } else if (!task.artifacts) {
      task.artifacts.emplace();
    }
    task = Trimmed(std::move(task), query.history_length);
  }
  co_return page;
}

Task<Result<A2aTask>> A2aDesk::Cancel(A2aCaller caller, std::string id) {
  CO_TRY(A2aTask task, co_await Find(caller, std::move(id)));
  if (IsTerminal(task.state())) {
    co_return A2aError(a2a_reason::kNotCancelable, "task", "it has ended (" + task.status.state + ")");
  }
  const LivePtr live = LiveOf({.owner = OwnerOf(caller), .task = std::move(task), .updated_ms = NowMs()});
  auto cancelling = parts_.executor->Cancel(live->row);
  const Result<void> cancelled = co_await cancelling;
  if (!cancelled.ok()) {
    Forget(live);
    co_return A2aError(a2a_reason::kNotCancelable, "task", cancelled.error().Message());
  }
  if (live->working) {
    // Its work tells how it ended: cancelled, or done before the word came.
    const A2aWatch watch = WatchLive(live);
    while (watch.updates && live->working && !IsTerminal(live->row.task.state())) {
      if ((co_await watch.updates->NextBatch()).empty()) break;
    }
    if (watch.updates) watch.updates->Close();
  }
  Tell(live, StatusOf(A2aState::kCanceled, NowMs()));
  Forget(live);
  CO_TRY_VOID(co_await Written());
  co_return live->row.task;
}

Task<Result<A2aWatch>> A2aDesk::Watch(A2aCaller caller, std::string id) {
  CO_TRY(A2aTask task, co_await Find(caller, std::move(id)));
  if (IsTerminal(task.state())) {
    co_return A2aError(a2a_reason::kUnsupported, "task", "it has ended (" + task.status.state + ")");
  }
  const LivePtr live = LiveOf({.owner = OwnerOf(caller), .task = std::move(task), .updated_ms = NowMs()});
  if (live->watchers.size() >= kMaxWatchers) co_return Error::Exhausted("task", "it is watched by too many");
  co_return WatchLive(live);
}

void A2aDesk::EndWatch(const A2aWatch& watch) {
  if (watch.updates) watch.updates->Close();
  if (const LivePtr live = FindLive(watch.task.id)) Forget(live);
}

Task<Result<void>> A2aDesk::KeepPush(A2aCaller caller, std::string task_id, A2aPushConfig& config) {
  if (parts_.push == nullptr) co_return A2aError(a2a_reason::kNoPush, "pushNotificationConfig", "none is sent here");
  CO_TRY_VOID(parts_.push->Check(config));
  if (config.id.value_or(std::string()).empty()) config.id = NewObjectId("push_");
  config.task_id = task_id;
  auto save = [this, &caller, &task_id, &config] {
    return parts_.store.SavePush(task_id, {.version = caller.version, .config = config});
  };
  co_return co_await OnPool(parts_.pool, save);
}

Task<Result<A2aPushConfig>> A2aDesk::CreatePush(A2aCaller caller, A2aPushConfig config) {
  const std::string task_id = config.task_id.value_or(std::string());
  CO_TRY_VOID(co_await Find(caller, task_id));
  CO_TRY_VOID(co_await KeepPush(caller, task_id, config));
  co_return config;
}

Task<Result<A2aPushConfig>> A2aDesk::GetPush(A2aCaller caller, A2aPushQuery query) {
  CO_TRY_VOID(co_await Find(std::move(caller), query.task_id));
  auto get = [this, &query] { return parts_.store.GetPush(query.task_id, query.id); };
  CO_TRY(A2aKeptPush push, co_await OnPool(parts_.pool, get));
  co_return std::move(push.config);
}

Task<Result<std::vector<A2aPushConfig>>> A2aDesk::ListPushes(A2aCaller caller, std::string task_id) {
  CO_TRY_VOID(co_await Find(std::move(caller), task_id));
  auto list = [this, &task_id] { return parts_.store.Pushes(task_id); };
  CO_TRY(std::vector<A2aKeptPush> pushes, co_await OnPool(parts_.pool, list));
  std::vector<A2aPushConfig> configs;
  for (A2aKeptPush& push : pushes) configs.push_back(std::move(push.config));
  co_return configs;
}

Task<Result<void>> A2aDesk::DeletePush(A2aCaller caller, A2aPushQuery query) {
  CO_TRY_VOID(co_await Find(std::move(caller), query.task_id));
  auto remove = [this, &query] { return parts_.store.DeletePush(query.task_id, query.id); };
  co_return co_await OnPool(parts_.pool, remove);
}

}  // namespace atelier
