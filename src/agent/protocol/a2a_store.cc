#include "agent/protocol/a2a_store.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_time.h"
#include "base/io/seal.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE a2a_task(id TEXT PRIMARY KEY, agent TEXT NOT NULL, principal TEXT NOT NULL, context TEXT NOT NULL,"
    " state TEXT NOT NULL, updated_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;"
    "CREATE INDEX a2a_task_by_owner ON a2a_task(agent, principal, updated_ms, id);"
    "CREATE INDEX a2a_task_by_context ON a2a_task(context);"
    "CREATE INDEX a2a_task_unfinished ON a2a_task(agent) WHERE state IN ('TASK_STATE_SUBMITTED',"
    " 'TASK_STATE_WORKING');"
    "CREATE TABLE a2a_push(task TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY (task, id)) STRICT;"
    "CREATE TABLE a2a_delivery(number INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, push TEXT NOT NULL,"
    " body TEXT NOT NULL, attempts INTEGER NOT NULL, due_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX a2a_delivery_due ON a2a_delivery(due_ms);"
    "CREATE INDEX a2a_delivery_of ON a2a_delivery(task, push);",
    "CREATE TABLE a2a_key(id INTEGER PRIMARY KEY CHECK (id = 1), pem TEXT NOT NULL) STRICT;"};

Error NoSuchTask(const std::string& id) {
  return A2aError(a2a_reason::kTaskNotFound, "task", "got '" + id.substr(0, 64) + "', want the id of a task");
}

Result<A2aTask> ReadTask(std::string_view body) {
  TRY(const Json json, Json::Parse(body));
  return ReadA2a<A2aTask>(json);
}

Result<A2aKeptPush> ReadPush(const Statement& row, int first) {
  A2aKeptPush push;
  push.version = row.Int(first) == 0 ? A2aVersion::kV03 : A2aVersion::kV10;
  TRY(const Json json, Json::Parse(row.Text(first + 1)));
  TRY(push.config, ReadA2a<A2aPushConfig>(json));
  return push;
}

Result<void> Queue(Db& db, const A2aRow& row, const Json& event) {
  TRY(auto insert, db.Prepare("INSERT INTO a2a_delivery(task, push, body, attempts, due_ms)"
                              " SELECT task, id, ?, 0, ? FROM a2a_push WHERE task = ?"));
  return insert.Run(event.Dump(), row.updated_ms, row.task.id);
}

Result<void> Write(Db& db, const A2aRow& row, const std::optional<Json>& event) {
  TRY(auto insert, db.Prepare("INSERT OR REPLACE INTO a2a_task VALUES (?, ?, ?, ?, ?, ?, ?)"));
  TRY_VOID(insert.Run(row.task.id, row.owner.agent, row.owner.principal, row.task.context_id, row.task.status.state,
                      row.updated_ms, WriteJson(row.task).Dump()));
  return event ? Queue(db, row, *event) : Result<void>();
}

// "MS:ID" of the last task of a page, so that what is new does not shift the next.
std::string TokenOf(int64_t updated_ms, const std::string& id) {
  return Base64UrlEncode(std::to_string(updated_ms) + ":" + id);
}
struct Place {
  int64_t updated_ms = 0;
  std::string id = {};
};
Result<Place> PlaceOf(const std::string& token) {
  const Error none = Error::Invalid("pageToken", "got '" + token.substr(0, 64) + "', want a nextPageToken");
  const Result<std::string> text = Base64UrlDecode(token);
  if (!text.ok()) return none;
  const size_t colon = text->find(':');
  Place place;
  if (colon == std::string::npos) return none;
  const auto read = std::from_chars(text->data(), text->data() + colon, place.updated_ms);
  if (read.ec != std::errc() || read.ptr != text->data() + colon) return none;
  place.id = text->substr(colon + 1);
  return place;
}

// What a list is of, as SQL and what it binds.
struct Where {
  std::string sql = " FROM a2a_task WHERE agent = ? AND principal = ?";
  std::vector<std::string> texts = {};
};
Result<Where> WhereOf(const A2aListQuery& query) {
  Where where;
  if (query.context_id && !query.context_id->empty()) {
    where.sql += " AND context = ?", where.texts.push_back(*query.context_id);
  }
  if (query.status && !query.status->empty() && *query.status != A2aStateName(A2aState::kUnspecified)) {
    if (!A2aStateOf(*query.status)) {
      return Error::Invalid("status", "got '" + query.status->substr(0, 64) + "', which is no state of a task");
    }
    where.sql += " AND state = ?", where.texts.push_back(*query.status);
  }
  if (query.status_timestamp_after && !query.status_timestamp_after->empty()) {
    TRY(const int64_t after, ParseA2aTime("statusTimestampAfter", *query.status_timestamp_after));
    where.sql += " AND updated_ms >= " + std::to_string(after);
  }
  return where;
}
int BindWhere(Statement& statement, const A2aOwner& owner, const Where& where) {
  int index = 0;
  statement.Bind(index++, std::string_view(owner.agent));
  statement.Bind(index++, std::string_view(owner.principal));
  for (const std::string& text : where.texts) statement.Bind(index++, std::string_view(text));
  return index;
}

Result<A2aPage> ReadPage(Db& db, const A2aOwner& owner, const A2aListQuery& query) {
  TRY(Where where, WhereOf(query));
  A2aPage page;
  TRY(auto count, db.Prepare("SELECT count(*)" + where.sql));
  BindWhere(count, owner, where);
  TRY(const bool counted, count.Step());
  if (counted) page.total = count.Int(0);
  std::optional<Place> place;
  if (query.page_token && !query.page_token->empty()) {
    TRY(place, PlaceOf(*query.page_token));
    where.sql += " AND (updated_ms, id) < (" + std::to_string(place->updated_ms) + ", ?)";
    where.texts.push_back(place->id);
  }
  const int64_t most = query.page_size.value_or(50);
  TRY(auto select, db.Prepare("SELECT body, updated_ms, id" + where.sql + " ORDER BY updated_ms DESC, id DESC LIMIT " +
                              std::to_string(most + 1)));
  BindWhere(select, owner, where);
  int64_t last_ms = 0;
  for (;;) {
    TRY(const bool found, select.Step());
    if (!found) return page;
    if (static_cast<int64_t>(page.tasks.size()) == most) {
      page.next = TokenOf(last_ms, page.tasks.back().id);
      return page;
    }
    TRY(A2aTask task, ReadTask(select.Text(0)));
    last_ms = select.Int(1);
    page.tasks.push_back(std::move(task));
  }
}

}  // namespace

Result<std::unique_ptr<A2aStore>> A2aStore::Open(Database& database) {
  TRY_VOID(database.Migrate("a2a", kMigrations));
  return std::unique_ptr<A2aStore>(new A2aStore(database));
}

Result<void> A2aStore::Save(const A2aRow& row, const std::optional<Json>& event) {
  return database_.Write([&](Db& db) { return Write(db, row, event); });
}

void A2aStore::SaveLater(A2aRow row, std::optional<Json> event, Writer::Done done) {
  auto write = [row = std::move(row), event = std::move(event)](Db& db) { return Write(db, row, event); };
  database_.writer().Submit(std::move(write), std::move(done));
}

Result<A2aRow> A2aStore::GetAnyones(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<A2aRow> {
    TRY(auto select, db.Prepare("SELECT body, agent, principal, updated_ms FROM a2a_task WHERE id = ?"));
    select.BindAll(id);
    TRY(const bool found, select.Step());
    if (!found) return NoSuchTask(id);
    A2aRow row;
    TRY(row.task, ReadTask(select.Text(0)));
    row.owner.agent = select.Text(1), row.owner.principal = select.Text(2), row.updated_ms = select.Int(3);
    return row;
  });
}

Result<A2aTask> A2aStore::Get(const A2aOwner& owner, const std::string& id) {
  TRY(A2aRow row, GetAnyones(id));
  if (row.owner.agent != owner.agent || row.owner.principal != owner.principal) return NoSuchTask(id);
  return std::move(row.task);
}

Result<A2aPage> A2aStore::List(const A2aOwner& owner, const A2aListQuery& query) {
  return database_.Read([&](Db& db) { return ReadPage(db, owner, query); });
}

Result<std::vector<A2aTask>> A2aStore::Conversation(const A2aOwner& owner, const std::string& context_id,
                                                    int64_t most) {
  return database_.Read([&](Db& db) -> Result<std::vector<A2aTask>> {
    TRY(auto select, db.Prepare("SELECT body FROM a2a_task WHERE context = ? AND agent = ? AND principal = ?"
                                " ORDER BY updated_ms DESC, id DESC LIMIT ?"));
    select.BindAll(context_id, owner.agent, owner.principal, most);
    std::vector<A2aTask> tasks;
    for (;;) {
      TRY(const bool found, select.Step());
      if (!found) break;
      TRY(A2aTask task, ReadTask(select.Text(0)));
      tasks.push_back(std::move(task));
    }
    std::ranges::reverse(tasks);
    return tasks;
  });
}

Result<std::vector<A2aRow>> A2aStore::Unfinished(const std::string& agent) {
  return database_.Read([&](Db& db) -> Result<std::vector<A2aRow>> {
    TRY(auto select, db.Prepare("SELECT body, principal, updated_ms FROM a2a_task WHERE agent = ? AND state IN"
                                " ('TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING')"));
    select.BindAll(agent);
    std::vector<A2aRow> rows;
    for (;;) {
      TRY(const bool found, select.Step());
      if (!found) return rows;
      A2aRow& row = rows.emplace_back();
      TRY(row.task, ReadTask(select.Text(0)));
      row.owner = {.agent = agent, .principal = std::string(select.Text(1))}, row.updated_ms = select.Int(2);
    }
  });
}

Result<void> A2aStore::SavePush(const std::string& task_id, const A2aKeptPush& push) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(auto count, db.Prepare("SELECT count(*) FROM a2a_push WHERE task = ? AND id <> ?"));
    count.BindAll(task_id, *push.config.id);
    TRY(const bool counted, count.Step());
    if (counted && count.Int(0) >= kMaxPushes) {
      return Error::Exhausted("pushNotificationConfigs", "got over " + std::to_string(kMaxPushes) + " of one task");
    }
    TRY(auto insert, db.Prepare("INSERT OR REPLACE INTO a2a_push VALUES (?, ?, ?, ?)"));
    return insert.Run(task_id, *push.config.id, push.version == A2aVersion::kV03 ? 0 : 1,
                      WriteJson(push.config).Dump());
  });
}

Result<A2aKeptPush> A2aStore::GetPush(const std::string& task_id, const std::string& id) {
  TRY(const std::vector<A2aKeptPush> all, Pushes(task_id));
  for (const A2aKeptPush& push : all) {
    if (push.config.id == id) return push;
  }
  return A2aError(a2a_reason::kTaskNotFound, "pushNotificationConfig",
                  "got '" + id.substr(0, 64) + "', want the id of one of the task's");
}

Result<std::vector<A2aKeptPush>> A2aStore::Pushes(const std::string& task_id) {
  return database_.Read([&](Db& db) -> Result<std::vector<A2aKeptPush>> {
    TRY(auto select, db.Prepare("SELECT version, body FROM a2a_push WHERE task = ? ORDER BY rowid"));
    select.BindAll(task_id);
    std::vector<A2aKeptPush> all;
    for (;;) {
      TRY(const bool found, select.Step());
      if (!found) return all;
      TRY(A2aKeptPush push, ReadPush(select, 0));
      all.push_back(std::move(push));
    }
  });
}

Result<void> A2aStore::DeletePush(const std::string& task_id, const std::string& id) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(auto queued, db.Prepare("DELETE FROM a2a_delivery WHERE task = ? AND push = ?"));
    TRY_VOID(queued.Run(task_id, id));
    TRY(auto remove, db.Prepare("DELETE FROM a2a_push WHERE task = ? AND id = ?"));
    return remove.Run(task_id, id);
  });
}

Result<std::vector<A2aDelivery>> A2aStore::Due(int64_t now_ms, int64_t most) {
  return database_.Read([&](Db& db) -> Result<std::vector<A2aDelivery>> {
    // One at a time of each configuration, so that what happened first is told first.
    TRY(auto select, db.Prepare("SELECT d.number, d.task, d.body, d.attempts, d.due_ms, p.version, p.body"
                                " FROM (SELECT min(number) AS first FROM a2a_delivery GROUP BY task, push) f"
                                " JOIN a2a_delivery d ON d.number = f.first"
                                " JOIN a2a_push p ON p.task = d.task AND p.id = d.push"
                                " WHERE d.due_ms <= ? ORDER BY d.due_ms, d.number LIMIT ?"));
    select.BindAll(now_ms, most);
    std::vector<A2aDelivery> due;
    for (;;) {
      TRY(const bool found, select.Step());
      if (!found) return due;
      A2aDelivery& one = due.emplace_back();
      one.number = select.Int(0), one.task_id = select.Text(1);
      TRY(one.body, Json::Parse(select.Text(2)));
      one.attempts = static_cast<int32_t>(select.Int(3)), one.due_ms = select.Int(4);
      TRY(one.push, ReadPush(select, 5));
    }
  });
}

Result<void> A2aStore::Delivered(int64_t number) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(auto remove, db.Prepare("DELETE FROM a2a_delivery WHERE number = ?"));
    return remove.Run(number);
  });
}

Result<void> A2aStore::PutOff(int64_t number, int32_t attempts, int64_t due_ms) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(auto update, db.Prepare("UPDATE a2a_delivery SET attempts = ?, due_ms = ? WHERE number = ?"));
    return update.Run(attempts, due_ms, number);
  });
}

Result<std::optional<int64_t>> A2aStore::NextDue() {
  return database_.Read([](Db& db) { return db.QueryInt("SELECT min(due_ms) FROM a2a_delivery"); });
}

Result<std::string> A2aStore::SigningPem(const std::string& made) {
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(auto insert, db.Prepare("INSERT OR IGNORE INTO a2a_key VALUES (1, ?)"));
    return insert.Run(made);
  }));
  TRY(const auto pem, database_.Read([](Db& db) { return db.QueryText("SELECT pem FROM a2a_key"); }));
  return pem.value_or(std::string());
}

}  // namespace atelier
