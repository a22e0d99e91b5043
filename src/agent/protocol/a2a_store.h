// A2A's tasks as their clients know them, in atelier.db: what was said, what came of it, who may see it, and where
// updates are to be told. What a task stands for (a run) has its own journal; this is the protocol's view of it.
//
//   a2a_task      a row a task; belongs to an agent and to the key that made it
//   a2a_push      where to tell of its updates; goes with the task's end
//   a2a_delivery  what is still to be told; committed with the change that it tells of
//
// Methods block: call them on a Pool. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/protocol/a2a.h"
#include "base/store/database.h"

namespace atelier {

// Whose tasks: an agent's, as far as a key may see them.
struct A2aOwner {
  std::string agent = {}, principal = {};
  bool operator==(const A2aOwner&) const = default;
};

struct A2aRow {
  A2aOwner owner = {};
  A2aTask task = {};
  int64_t updated_ms = 0;  // of its status
};

struct A2aKeptPush {
  A2aVersion version = A2aVersion::kV10;  // of whoever asked for it: they are told in their words
  A2aPushConfig config = {};              // with an id
};

// Something to be told to a URL.
struct A2aDelivery {
  int64_t number = 0;
  std::string task_id = {};
  A2aKeptPush push = {};
  Json body = {};
  int32_t attempts = 0;
  int64_t due_ms = 0;
};

struct A2aPage {
  std::vector<A2aTask> tasks = {};
  std::string next = {};  // token of the next page; empty: this is the last
  int64_t total = 0;
};

class A2aStore {
 public:
  static constexpr int64_t kMaxPushes = 16;  // of a task

  static Result<std::unique_ptr<A2aStore>> Open(Database& database);

  // Makes or replaces the row, and queues a delivery of `event` to each push configuration of the task.
  Result<void> Save(const A2aRow& row, const std::optional<Json>& event = {});
  // The same behind the caller's back, in order with all other changes.
  void SaveLater(A2aRow row, std::optional<Json> event, Writer::Done done);
  // Waits for what was to be saved later.
  Result<void> Flush() { return database_.writer().Flush(); }
  // kNotFound with A2A's reason, for another's tasks too.
  Result<A2aTask> Get(const A2aOwner& owner, const std::string& id);
  Result<A2aRow> GetAnyones(const std::string& id);
  // Newest status first. Errors: a token that is none, a state that is none.
  Result<A2aPage> List(const A2aOwner& owner, const A2aListQuery& query);
  // The last tasks of a conversation, oldest first.
  Result<std::vector<A2aTask>> Conversation(const A2aOwner& owner, const std::string& context_id, int64_t most);
  // What was under way when the process ended.
  Result<std::vector<A2aRow>> Unfinished(const std::string& agent);

  // kExhausted above kMaxPushes. An id that is there is replaced.
  Result<void> SavePush(const std::string& task_id, const A2aKeptPush& push);
  Result<A2aKeptPush> GetPush(const std::string& task_id, const std::string& id);
  Result<std::vector<A2aKeptPush>> Pushes(const std::string& task_id);
  // Deleting what is not there is no error.
  Result<void> DeletePush(const std::string& task_id, const std::string& id);

  // The oldest delivery of each URL that is due, at most `most`.
  Result<std::vector<A2aDelivery>> Due(int64_t now_ms, int64_t most);
  Result<void> Delivered(int64_t number);
  Result<void> PutOff(int64_t number, int32_t attempts, int64_t due_ms);
  Result<std::optional<int64_t>> NextDue();

  // The key that signs cards, as a PEM; `made` is kept where there is none yet.
  Result<std::string> SigningPem(const std::string& made);

 private:
  explicit A2aStore(Database& database) : database_(database) {}
  Database& database_;
};

}  // namespace atelier
