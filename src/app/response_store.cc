#include "app/response_store.h"

#include <array>
#include <string_view>
#include <utility>

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE response(id TEXT PRIMARY KEY, principal TEXT NOT NULL, created INTEGER NOT NULL, status TEXT NOT "
    "NULL,"
    " body TEXT NOT NULL, input TEXT NOT NULL, events TEXT) STRICT;"
    "CREATE TABLE item(id TEXT NOT NULL, owner TEXT NOT NULL, principal TEXT NOT NULL, position INTEGER NOT NULL,"
    " body TEXT NOT NULL, PRIMARY KEY(owner, position)) STRICT;"
    "CREATE INDEX item_by_id ON item(id);"
    "CREATE TABLE conversation(id TEXT PRIMARY KEY, principal TEXT NOT NULL, created INTEGER NOT NULL,"
    " metadata TEXT NOT NULL) STRICT;"};

Error NoSuch(std::string_view what, const std::string& id) {
  return Error::NotFound(std::string(what), "got '" + id + "', want the id of one that is stored")
      .WithCode("not_found");
}

Result<void> DeleteItemsOf(Db& db, const std::string& owner) {
  TRY(auto erase, db.Prepare("DELETE FROM item WHERE owner = ?"));
  return erase.Run(owner);
}

Result<void> InsertItems(Db& db, const std::string& owner, const std::string& principal, const Json& items,
                         int64_t position) {
  TRY(auto insert, db.Prepare("INSERT INTO item(id, owner, principal, position, body) VALUES (?, ?, ?, ?, ?)"));
  for (const Json& item : items.items()) {
    const std::string id = item["id"].is_string() ? item["id"].AsString() : std::string();
    TRY_VOID(insert.Run(id, owner, principal, position++, item.Dump()));
  }
  return {};
}

// What a query of a body by some texts gives.
Result<std::optional<Json>> QueryJson(Db& db, std::string_view sql, const std::string& first,
                                      const std::string& second) {
  TRY(auto query, db.Prepare(sql));
  query.BindAll(first, second);
  TRY(const bool found, query.Step());
  if (!found) return std::optional<Json>();
  TRY(Json json, Json::Parse(query.Text(0)));
  return std::optional<Json>(std::move(json));
}

}  // namespace

Result<std::unique_ptr<ResponseStore>> ResponseStore::Open(Database& database) {
  TRY_VOID(database.Migrate("responses", kMigrations));
  return std::unique_ptr<ResponseStore>(new ResponseStore(database));
}

Result<void> ResponseStore::FailUnfinished() {
  using Rows = Result<std::vector<StoredResponse>>;
  TRY(const std::vector<StoredResponse> unfinished, database_.Read([](Db& db) -> Rows {
    TRY(auto query, db.Prepare("SELECT id, principal, created, body, input, events FROM response"
                               " WHERE status IN ('queued', 'in_progress')"));
    std::vector<StoredResponse> rows;
    for (;;) {
      TRY(const bool found, query.Step());
      if (!found) return rows;
      StoredResponse row;
      row.id = query.Text(0), row.principal = query.Text(1), row.created_unix = query.Int(2);
      TRY(row.body, Json::Parse(query.Text(3)));
      TRY(row.input, Json::Parse(query.Text(4)));
      rows.push_back(std::move(row));
    }
  }));
  for (StoredResponse response : unfinished) {
    response.body.Set("status", "failed");
    response.body.Set("error", Json::Object({{"code", "server_error"}, {"message", "the server was restarted"}}));
    TRY_VOID(Put(response));
  }
  return {};
}

Result<void> ResponseStore::Put(const StoredResponse& response) {
  return database_.Write([response](Db& db) -> Result<void> {
    TRY(auto put, db.Prepare("INSERT OR REPLACE INTO response(id, principal, created, status, body, input, events)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?)"));
    std::optional<std::string> events;
    if (!response.events.is_null()) events = response.events.Dump();
    const std::string status = response.body["status"].is_string() ? response.body["status"].AsString() : "completed";
    TRY_VOID(put.Run(response.id, response.principal, response.created_unix, status, response.body.Dump(),
                     response.input.Dump(), events));
    TRY_VOID(DeleteItemsOf(db, response.id));
    TRY_VOID(InsertItems(db, response.id, response.principal, response.input, 0));
    return InsertItems(db, response.id, response.principal, response.body["output"], response.input.size());
  });
}

Result<StoredResponse> ResponseStore::Get(const std::string& id, const std::string& principal) {
  return database_.Read([&](Db& db) -> Result<StoredResponse> {
    TRY(auto query, db.Prepare("SELECT created, body, input, events FROM response WHERE id = ? AND principal = ?"));
    query.BindAll(id, principal);
    TRY(const bool found, query.Step());
    if (!found) return NoSuch("response_id", id);
    StoredResponse response;
    response.id = id, response.principal = principal, response.created_unix = query.Int(0);
    TRY(response.body, Json::Parse(query.Text(1)));
    TRY(response.input, Json::Parse(query.Text(2)));
    if (!query.IsNull(3)) {
      TRY(response.events, Json::Parse(query.Text(3)));
    }
    return response;
  });
}

Result<void> ResponseStore::Delete(const std::string& id, const std::string& principal) {
  return database_.Write([id, principal](Db& db) -> Result<void> {
    TRY(auto erase, db.Prepare("DELETE FROM response WHERE id = ? AND principal = ?"));
    TRY_VOID(erase.Run(id, principal));
    if (db.changes() == 0) return NoSuch("response_id", id);
    return DeleteItemsOf(db, id);
  });
}

Result<Json> ResponseStore::FindItem(const std::string& item_id, const std::string& principal) {
  return database_.Read([&](Db& db) -> Result<Json> {
    TRY(auto found, QueryJson(db, "SELECT body FROM item WHERE id = ? AND principal = ?", item_id, principal));
    if (!found) return NoSuch("id", item_id);
    return std::move(*found);
  });
}

Result<void> ResponseStore::PutConversation(const StoredConversation& conversation) {
  return database_.Write([conversation](Db& db) -> Result<void> {
    TRY(auto put,
        db.Prepare("INSERT OR REPLACE INTO conversation(id, principal, created, metadata) VALUES (?, ?, ?, ?)"));
    return put.Run(conversation.id, conversation.principal, conversation.created_unix, conversation.metadata.Dump());
  });
}

Result<StoredConversation> ResponseStore::GetConversation(const std::string& id, const std::string& principal) {
  return database_.Read([&](Db& db) -> Result<StoredConversation> {
    TRY(auto query, db.Prepare("SELECT created, metadata FROM conversation WHERE id = ? AND principal = ?"));
    query.BindAll(id, principal);
    TRY(const bool found, query.Step());
    if (!found) return NoSuch("conversation_id", id);
    StoredConversation conversation{.id = id, .principal = principal, .created_unix = query.Int(0), .metadata = {}};
    TRY(conversation.metadata, Json::Parse(query.Text(1)));
    return conversation;
  });
}

Result<void> ResponseStore::DeleteConversation(const std::string& id, const std::string& principal) {
  return database_.Write([id, principal](Db& db) -> Result<void> {
    TRY(auto erase, db.Prepare("DELETE FROM conversation WHERE id = ? AND principal = ?"));
    TRY_VOID(erase.Run(id, principal));
    if (db.changes() == 0) return NoSuch("conversation_id", id);
    return DeleteItemsOf(db, id);
  });
}

Result<void> ResponseStore::AddItems(const std::string& conversation, const Json& items, const std::string& principal) {
  return database_.Write([conversation, items, principal](Db& db) -> Result<void> {
    TRY(auto query, db.Prepare("SELECT coalesce(max(position) + 1, 0) FROM item WHERE owner = ?"));
    query.BindAll(conversation);
    TRY_VOID(query.Step());
    const int64_t position = query.Int(0);
    query.Reset();
    return InsertItems(db, conversation, principal, items, position);
  });
}

Result<std::vector<Json>> ResponseStore::Items(const std::string& conversation, const std::string& principal) {
  TRY_VOID(GetConversation(conversation, principal));
  return database_.Read([&](Db& db) -> Result<std::vector<Json>> {
    TRY(auto query, db.Prepare("SELECT body FROM item WHERE owner = ? ORDER BY position"));
    query.BindAll(conversation);
    std::vector<Json> items;
    for (;;) {
      TRY(const bool found, query.Step());
      if (!found) return items;
      TRY(Json item, Json::Parse(query.Text(0)));
      items.push_back(std::move(item));
    }
  });
}

Result<void> ResponseStore::DeleteItem(const std::string& conversation, const std::string& item_id,
                                       const std::string& principal) {
  return database_.Write([conversation, item_id, principal](Db& db) -> Result<void> {
    TRY(auto erase, db.Prepare("DELETE FROM item WHERE owner = ? AND id = ? AND principal = ?"));
    TRY_VOID(erase.Run(conversation, item_id, principal));
    return db.changes() == 0 ? Result<void>(NoSuch("item_id", item_id)) : Result<void>();
  });
}

}  // namespace atelier
