#include "app/acp_store.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE acp_session(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, cwd TEXT NOT NULL,"
    "  title TEXT NOT NULL, directories TEXT NOT NULL, settings TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    "  updated_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX acp_session_updated ON acp_session(updated_ms, number);"
    "CREATE TABLE acp_turn(number INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, prompt TEXT NOT NULL,"
    "  run_id TEXT NOT NULL, settings TEXT NOT NULL) STRICT;"
    "CREATE INDEX acp_turn_session ON acp_turn(session_id, number);"};

constexpr char kColumns[] = "id, cwd, title, directories, settings, created_ms, updated_ms, number";

Result<AcpSettings> ReadSettings(std::string_view text) {
  TRY(const Json json, Json::Parse(text));
  return ReadJson<AcpSettings>(json, {.refuse_unknown = false});
}

Result<StoredAcpSession> ReadSession(const Statement& row) {
  StoredAcpSession session;
  session.id = row.Text(0), session.cwd = row.Text(1), session.title = row.Text(2);
  TRY(const Json directories, Json::Parse(row.Text(3)));
  for (const Json& directory : directories.items()) session.directories.push_back(directory.AsString());
  TRY(session.settings, ReadSettings(row.Text(4)));
  session.created_ms = row.Int(5), session.updated_ms = row.Int(6);
  return session;
}

Result<void> PutSession(Db& db, const StoredAcpSession& session) {
  Json directories = Json::Array();
  for (const std::string& directory : session.directories) directories.Push(directory);
  TRY(auto put, db.Prepare("INSERT INTO acp_session(id, cwd, title, directories, settings, created_ms, updated_ms)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(id) DO UPDATE SET cwd = ?2, title = ?3,"
                           " directories = ?4, settings = ?5, updated_ms = ?7"));
  return put.Run(session.id, session.cwd, session.title, directories.Dump(), WriteJson(session.settings).Dump(),
                 session.created_ms, session.updated_ms);
}

// "UPDATED:NUMBER" of the last of a page.
struct Cursor {
  int64_t updated_ms = INT64_MAX, number = INT64_MAX;
};
Result<Cursor> ReadCursor(std::string_view text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const char* const end = text.data() + text.size();
  const auto updated = std::from_chars(text.data(), end, cursor.updated_ms);
  if (updated.ec == std::errc() && updated.ptr != end && *updated.ptr == ':') {
    const auto number = std::from_chars(updated.ptr + 1, end, cursor.number);
    if (number.ec == std::errc() && number.ptr == end) return cursor;
  }
  return Error::Invalid("cursor", "got '" + std::string(text.substr(0, 64)) + "', want the nextCursor of a list");
}

}  // namespace

Fields AcpSettings::Describe() {
  using S = AcpSettings;
  static constexpr Field fields[] = {
      Key<&S::agent>("agent", "which agent answers").Required(),
      Key<&S::model>("model", "in place of the agent's own"),
      Key<&S::mode>("mode", "which calls a person is asked about"),
      Key<&S::editor_tools>("editor_tools", "whether the agent may use the editor's files and terminal"),
      Key<&S::accepted>("accepted", "tools that need no asking any more"),
  };
  return fields;
}

Result<std::unique_ptr<AcpStore>> AcpStore::Open(Database& database) {
  TRY_VOID(database.Migrate("acp", kMigrations));
  return std::unique_ptr<AcpStore>(new AcpStore(database));
}

Result<void> AcpStore::Put(const StoredAcpSession& session) {
  return database_.Write([session](Db& db) { return PutSession(db, session); });
}

Result<StoredAcpSession> AcpStore::Get(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<StoredAcpSession> {
    TRY(auto query, db.Prepare("SELECT " + std::string(kColumns) + " FROM acp_session WHERE id = ?"));
    query.BindAll(id);
    TRY(const bool found, query.Step());
    if (!found) return Error::NotFound("sessionId", "got '" + id.substr(0, 64) + "', want the id of a session");
    return ReadSession(query);
  });
}

Result<AcpStore::Page> AcpStore::List(const std::string& cwd, const std::string& cursor, int64_t limit) {
  TRY(const Cursor after, ReadCursor(cursor));
  return database_.Read([&](Db& db) -> Result<Page> {
    TRY(auto query, db.Prepare("SELECT " + std::string(kColumns) +
                               " FROM acp_session WHERE (updated_ms, number) < (?1, ?2) AND (?3 = '' OR cwd = ?3)"
                               " ORDER BY updated_ms DESC, number DESC LIMIT ?4"));
    query.BindAll(after.updated_ms, after.number, cwd, limit + 1);
    Page page;
    std::string last;
    while (true) {
      TRY(const bool more, query.Step());
      if (!more) return page;
      if (static_cast<int64_t>(page.sessions.size()) == limit) {
        page.next_cursor = last;
        return page;
      }
      TRY(StoredAcpSession session, ReadSession(query));
      last = std::to_string(session.updated_ms) + ":" + std::to_string(query.Int(7));
      page.sessions.push_back(std::move(session));
    }
  });
}

Result<void> AcpStore::Delete(const std::string& id) {
  return database_.Write([id](Db& db) -> Result<void> {
    TRY(auto turns, db.Prepare("DELETE FROM acp_turn WHERE session_id = ?"));
    TRY_VOID(turns.Run(id));
    TRY(auto session, db.Prepare("DELETE FROM acp_session WHERE id = ?"));
    return session.Run(id);
  });
}

Result<void> AcpStore::AddTurn(const StoredAcpSession& session, const StoredAcpTurn& turn) {
  return database_.Write([session, turn](Db& db) -> Result<void> {
    TRY_VOID(PutSession(db, session));
    TRY(auto add, db.Prepare("INSERT INTO acp_turn(session_id, prompt, run_id, settings) VALUES (?, ?, ?, ?)"));
    return add.Run(session.id, turn.prompt, turn.run_id, WriteJson(turn.settings).Dump());
  });
}

Result<std::vector<StoredAcpTurn>> AcpStore::Turns(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<std::vector<StoredAcpTurn>> {
    TRY(auto query, db.Prepare("SELECT prompt, run_id, settings FROM acp_turn WHERE session_id = ? ORDER BY number"));
    query.BindAll(id);
    std::vector<StoredAcpTurn> turns;
    while (true) {
      TRY(const bool more, query.Step());
      if (!more) return turns;
      StoredAcpTurn& turn = turns.emplace_back();
      turn.prompt = query.Text(0), turn.run_id = query.Text(1);
      TRY(turn.settings, ReadSettings(query.Text(2)));
    }
  });
}

}  // namespace atelier
