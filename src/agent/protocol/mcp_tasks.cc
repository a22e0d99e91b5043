#include "agent/protocol/mcp_tasks.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/io/seal.h"
#include "base/task/stream.h"

namespace atelier {
namespace {

std::string Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return UtcText(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

Error NoTask(const std::string& id) {
  return Error::Invalid("taskId", "got '" + id.substr(0, 64) + "', want the id of a task");
}

// Nobody listens to what a task says beside its state.
class NoOutlet final : public McpOutlet {
 public:
  bool Send(const RpcMessage&) override { return false; }
};

}  // namespace

bool KnowsMcpTasks(const McpCaller& caller) {
  return caller.stateless() && caller.capabilities["extensions"][kMcpTasks].is_object();
}

Json McpTasksCapability() { return Json::Object({{"extensions", Json::Object({{kMcpTasks, Json::Object()}})}}); }

struct McpTaskDesk::Entry {
  struct Question {
    std::string method;
    Json params;
    std::shared_ptr<Channel<Json>> answer;
  };
  Loop& loop;
  std::string id, principal, status = "working";
  std::string created = Now(), updated = created;
  Json result = {}, error = {};
  std::map<std::string, Question> open = {};  // what it asks, by keys that are never used again
  int num_asked = 0;
  std::string life = {};        // at the end of these keys: of one that was taken up
  std::stop_source stop = {};   // of the work
  std::stop_source ended = {};  // requested when it is over
  Loop::TimePoint ended_at = {};
  std::function<void(const Entry&)> on_turn = {};  // empty once the desk is gone

  bool is_over() const { return ended.stop_requested(); }
  void Turn(std::string to) {
    status = std::move(to), updated = Now();
    if (status != "working" && status != "input_required") {
      open.clear();
      ended_at = loop.Now();
    }
    if (on_turn) on_turn(*this);
    if (status != "working" && status != "input_required") ended.request_stop();
  }
  Json Body(std::chrono::milliseconds poll_interval) const {
    return Json::Object({{"taskId", id},
                         {"status", status},
                         {"createdAt", created},
                         {"lastUpdatedAt", updated},
                         {"ttlMs", nullptr},
                         {"pollIntervalMs", poll_interval.count()}});
  }
};

McpTaskDesk::~McpTaskDesk() {
  for (const auto& [id, entry] : tasks_) {
    entry->on_turn = nullptr;
    entry->stop.request_stop();
    for (auto& [key, question] : entry->open) question.answer->Close();
  }
}

bool McpTaskDesk::HasRoom() {
  std::erase_if(tasks_, [this](const auto& task) {
    return task.second->is_over() && loop_.Now() - task.second->ended_at > limits_.kept;
  });
  if (tasks_.size() < limits_.max_tasks) return true;
  auto oldest = tasks_.end();
  for (auto at = tasks_.begin(); at != tasks_.end(); ++at) {
    if (!at->second->is_over()) continue;
    if (oldest == tasks_.end() || at->second->ended_at < oldest->second->ended_at) oldest = at;
  }
  if (oldest == tasks_.end()) return false;
  tasks_.erase(oldest);
  return true;
}

Task<Result<RpcAnswer>> McpTaskDesk::Ask(EntryPtr entry, std::string method, Json params) {
  if (entry->is_over()) co_return Error::Cancelled("task", "it was cancelled");
  const std::string key = "q" + std::to_string(++entry->num_asked) + entry->life;
  const auto answer = Channel<Json>::Create(entry->loop, 1);
  entry->open[key] = {std::move(method), std::move(params), answer};
  entry->Turn("input_required");
  std::deque<Json> given = co_await answer->NextBatch();
  if (given.empty()) co_return Error::Cancelled("task", "it was cancelled");
  co_return RpcAnswer{.result = std::move(given.front())};
}

Task<void> McpTaskDesk::Run(EntryPtr entry, McpCaller caller, Work work) {
  McpContext::Parts parts;
  parts.call.stop = entry->stop.get_token();
  parts.call.principal = caller.principal;
  parts.caller = std::move(caller);
  parts.outlet = std::make_shared<NoOutlet>();
  parts.task_id = entry->id;
  parts.ask = [entry](Call, std::string method, Json params) {
    return Ask(entry, std::move(method), std::move(params));
  };
  const auto context = std::make_shared<McpContext>(std::move(parts));
  auto working = work(context);
  const auto result = co_await working;
  if (entry->is_over()) co_return;  // it was cancelled meanwhile
  if (!result.ok() && result.error().code == kMcpProtocolFault) {
    entry->error = Json::Object({{"code", RpcError::kInternal}, {"message", result.error().Message()}});
    entry->Turn("failed");
  } else {
    entry->result = result.ok() ? *result : McpTextResult(result.error().Message(), true);
    entry->Turn("completed");
  }
}

McpTaskDesk::EntryPtr McpTaskDesk::MakeEntry(const McpCaller& caller, std::string id) {
  auto entry = std::make_shared<Entry>(Entry{.loop = loop_, .id = std::move(id), .principal = caller.principal});
  entry->on_turn = [this](const Entry& turned) { on_turn_(turned.principal, StateOf(turned)); };
  tasks_[entry->id] = entry;
  return entry;
}

Task<Result<Json>> McpTaskDesk::Begin(McpCaller caller, std::string name, Json arguments) {
  const std::string id = tools_->NewTaskId(name);
  const EntryPtr entry = MakeEntry(caller, id.empty() ? RandomHex(16) : id);
  Work work = [tools = tools_, name = std::move(name), arguments = std::move(arguments)](McpContextPtr context) {
    return tools->Call(std::move(context), name, arguments);
  };
  Spawn(Run(entry, std::move(caller), std::move(work)));
  co_await SleepFor(loop_, limits_.promptly, entry->ended.get_token());
  if (entry->status == "completed") {
    tasks_.erase(entry->id);
    co_return std::move(entry->result);
  }
  Json created = entry->Body(limits_.poll_interval);
  created.Set("resultType", "task");
  co_return created;
}

Task<Result<McpTaskDesk::EntryPtr>> McpTaskDesk::Find(McpCaller caller, std::string id) {
  const auto at = tasks_.find(id);
  if (at == tasks_.end()) co_return co_await TakeUp(std::move(caller), std::move(id));
  if (at->second->principal != caller.principal) co_return NoTask(id);
  co_return at->second;
}

Task<Result<McpTaskDesk::EntryPtr>> McpTaskDesk::TakeUp(McpCaller caller, std::string id) {
  const std::optional<McpTools::LeftTask> left = co_await tools_->FindLeft(caller, id);
  if (!left) co_return NoTask(id);
  // Somebody else may have been quicker.
  if (const auto at = tasks_.find(id); at != tasks_.end()) co_return at->second;
  if (!HasRoom()) co_return Error::Exhausted("taskId", "too many tasks are under way; ask again later");
  const EntryPtr entry = MakeEntry(caller, id);
  entry->created = UtcText(left->created_ms * 1'000'000), entry->life = "-" + RandomHex(4);
  if (left->is_cancelled) {
    entry->Turn("cancelled");
    co_return entry;
  }
  Work work = [tools = tools_, id](McpContextPtr context) { return tools->GoOn(std::move(context), id); };
  Spawn(Run(entry, std::move(caller), std::move(work)));
  co_await SleepFor(loop_, limits_.promptly, entry->ended.get_token());
  co_return entry;
}

Task<Result<Json>> McpTaskDesk::Get(McpCaller caller, std::string id) {
  CO_TRY(const EntryPtr entry, co_await Find(std::move(caller), std::move(id)));
  co_return StateOf(*entry);
}

Json McpTaskDesk::Known(const McpCaller& caller, const std::string& id) const {
  const auto at = tasks_.find(id);
  return at != tasks_.end() && at->second->principal == caller.principal ? StateOf(*at->second) : Json();
}

Json McpTaskDesk::StateOf(const Entry& entry) const {
  Json body = entry.Body(limits_.poll_interval);
  if (entry.status == "completed") body.Set("result", entry.result);
  if (entry.status == "failed") body.Set("error", entry.error);
  if (entry.status != "input_required") return body;
  Json asked = Json::Object();
  for (const auto& [key, question] : entry.open) {
    Json one = Json::Object({{"method", question.method}});
    one.Set("params", question.params.is_null() ? Json::Object() : question.params);
    asked.Set(key, std::move(one));
  }
  body.Set("inputRequests", std::move(asked));
  return body;
}

Task<Result<Json>> McpTaskDesk::Update(McpCaller caller, std::string id, Json responses) {
  CO_TRY(const EntryPtr entry, co_await Find(std::move(caller), std::move(id)));
  if (!responses.is_object()) co_return Error::Invalid("inputResponses", "want an object");
  for (const JsonMember& response : responses.members()) {
    const auto at = entry->open.find(response.key);
    if (at == entry->open.end()) continue;
    const auto answer = std::move(at->second.answer);
    entry->open.erase(at);
    answer->Push(response.value);
    answer->Close();
  }
  if (entry->status == "input_required" && entry->open.empty()) entry->Turn("working");
  co_return Json::Object();
}

Task<Result<Json>> McpTaskDesk::Cancel(McpCaller caller, std::string id) {
  CO_TRY(const EntryPtr entry, co_await Find(std::move(caller), std::move(id)));
  if (entry->is_over()) co_return Json::Object();
  auto questions = std::exchange(entry->open, {});
  entry->Turn("cancelled");
  co_await tools_->EndTask(entry->id);  // for good: before its work is stopped, which might go on another day
  entry->stop.request_stop();
  for (auto& [key, question] : questions) question.answer->Close();
  co_return Json::Object();
}

}  // namespace atelier
