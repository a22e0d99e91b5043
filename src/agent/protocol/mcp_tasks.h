// Calls of tools that go on by themselves: the extension io.modelcontextprotocol/tasks.          [ext-tasks,
// 2026-07-28]
//
//   tools/call   -> {"resultType": "task", "taskId", "status"}, where the client knows tasks and the call is not soon
//   over tasks/get    -> working | input_required {inputRequests} | completed {result} | failed {error} | cancelled
//   tasks/update    answers to what it asks; what it does not ask is passed over
//   tasks/cancel    it ends as cancelled, whatever its tool still does
//   notifications/tasks    as tasks/get, at each turn, to streams of subscriptions that name the task
//
// A task belongs to who made it: to another it is not there. Its tool asks through its context as it would in a
// session, and waits. Tasks are kept in memory, for an hour after they have ended, and their number is bounded: where
// there is no room the call is answered as it would be without tasks. A tool whose work is durable names its tasks
// (McpTools::NewTaskId), and is asked for those that are not known here: after a restart a task is there again, and
// what it asks is asked again, under other keys, so that an answer to what it asked before is no answer to this. Loop
// thread only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/protocol/mcp_context.h"
#include "agent/protocol/mcp_features.h"
#include "base/task/loop.h"

namespace atelier {

// Whether the caller has said, with this request, that it knows tasks.
bool KnowsMcpTasks(const McpCaller& caller);
// {"extensions": {"io.modelcontextprotocol/tasks": {}}}
Json McpTasksCapability();

class McpTaskDesk {
 public:
  struct Limits {
    size_t max_tasks = 1'000;
    std::chrono::milliseconds promptly{100};    // a call that ends so soon is answered without a task
    std::chrono::milliseconds kept{3'600'000};  // after the end
    std::chrono::milliseconds poll_interval{1'000};
  };
  // `tools`: whose calls become tasks.
  McpTaskDesk(Loop& loop, std::shared_ptr<McpTools> tools) : McpTaskDesk(loop, std::move(tools), Limits()) {}
  McpTaskDesk(Loop& loop, std::shared_ptr<McpTools> tools, Limits limits)
      : loop_(loop), tools_(std::move(tools)), limits_(limits) {}
  // What is under way is stopped.
  ~McpTaskDesk();

  // Told of each turn of a task: whose it is, and its state as Get gives it.
  using OnTurn = std::function<void(const std::string& principal, const Json& task)>;
  void SetOnTurn(OnTurn on_turn) { on_turn_ = std::move(on_turn); }

  // False: Begin would have to refuse.
  bool HasRoom();
  // Has the tool called: its result, or the task that it has become.   REQUIRES: HasRoom()
  Task<Result<Json>> Begin(McpCaller caller, std::string name, Json arguments);

  // Errors: kInvalid where the caller has no such task; kExhausted, one that was left finds no room.
  Task<Result<Json>> Get(McpCaller caller, std::string id);
  // One that is in memory, as Get; null: none.
  Json Known(const McpCaller& caller, const std::string& id) const;
  Task<Result<Json>> Update(McpCaller caller, std::string id, Json responses);
  Task<Result<Json>> Cancel(McpCaller caller, std::string id);

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;
  using Work = std::function<Task<Result<Json>>(McpContextPtr)>;
  static Task<void> Run(EntryPtr entry, McpCaller caller, Work work);
  static Task<Result<RpcAnswer>> Ask(EntryPtr entry, std::string method, Json params);
  EntryPtr MakeEntry(const McpCaller& caller, std::string id);
  Task<Result<EntryPtr>> Find(McpCaller caller, std::string id);
  // One that was left.
  Task<Result<EntryPtr>> TakeUp(McpCaller caller, std::string id);
  Json StateOf(const Entry& entry) const;

  Loop& loop_;
  const std::shared_ptr<McpTools> tools_;
  const Limits limits_;
  OnTurn on_turn_ = [](const std::string&, const Json&) {};
  std::map<std::string, EntryPtr> tasks_;
};

}  // namespace atelier
