#include "base/store/guarded_db.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace atelier {
namespace {

constexpr int kMaxValueBytes = 16 << 20;  // that SQLite may make, within an expression too
constexpr int kMaxSqlBytes = 100'000;
constexpr int kStepsBetweenLooks = 1'000;  // of SQLite's machine: well under a millisecond
constexpr int kBusyTimeoutMs = 2'000;

// They tell of tables and change nothing.
constexpr std::array<std::string_view, 7> kPragmas{"table_info", "table_xinfo", "table_list",      "index_list",
                                                   "index_info", "index_xinfo", "foreign_key_list"};

int Authorize(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: {
      const std::string_view name = second != nullptr ? second : "";
      return name == "load_extension" || name == "fts3_tokenizer" ? SQLITE_DENY : SQLITE_OK;
    }
    case SQLITE_PRAGMA: {
      const bool known = first != nullptr && std::ranges::find(kPragmas, std::string_view(first)) != kPragmas.end();
      return known ? SQLITE_OK : SQLITE_DENY;
    }
    default: return SQLITE_DENY;
  }
}

Error ErrorOf(sqlite3* handle, const SqlLimits& limits) {
  const int code = sqlite3_errcode(handle);
  const std::string what = sqlite3_errmsg(handle);
  switch (code) {
    case SQLITE_INTERRUPT:
      return limits.stop.stop_requested() ? Error::Cancelled("SQL", "stopped on request")
                                          : Error::Timeout("SQL", "the query took too long");
    case SQLITE_AUTH: return Error::Denied("SQL", "got something else than reading: " + what);
    case SQLITE_READONLY: return Error::Denied("SQL", what);
    case SQLITE_TOOBIG: return Error::TooLarge("SQL", what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Error::Corrupt("SQL", what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return Error::Unavailable("SQL", what);
    default: return Error::Invalid("SQL", what);
  }
}

// At most `most` bytes, cut between characters.
std::string Cut(std::string_view text, int64_t most) {
  if (static_cast<int64_t>(text.size()) <= most) return std::string(text);
  auto end = static_cast<size_t>(most);
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "… [" + std::to_string(text.size() - end) + " more bytes]";
}

SqlValue ValueOf(sqlite3_stmt* statement, int column, int64_t most) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return {};
    case SQLITE_INTEGER: return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
    case SQLITE_BLOB: return "[" + std::to_string(sqlite3_column_bytes(statement, column)) + " bytes]";
    default: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
      return Cut(text == nullptr ? std::string_view() : std::string_view(text, size), most);
    }
  }
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using OwnedStatement = std::unique_ptr<sqlite3_stmt, Finalize>;

// One statement and nothing behind it.
Result<OwnedStatement> Prepare(sqlite3* handle, std::string_view sql, const SqlLimits& limits) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &raw, &tail) != SQLITE_OK) {
    return ErrorOf(handle, limits);
  }
  OwnedStatement statement(raw);
  if (statement == nullptr) return Error::Invalid("SQL", "got no statement, want a SELECT");
  const std::string_view rest = sql.substr(static_cast<size_t>(tail - sql.data()));
  sqlite3_stmt* next = nullptr;
  const int code = sqlite3_prepare_v2(handle, rest.data(), static_cast<int>(rest.size()), &next, nullptr);
  const OwnedStatement second(next);
  if (code != SQLITE_OK || second != nullptr) return Error::Invalid("SQL", "got more than one statement, want one");
  if (sqlite3_stmt_readonly(statement.get()) == 0) return Error::Denied("SQL", "got something else than reading");
  if (sqlite3_bind_parameter_count(statement.get()) > 0) {
    return Error::Invalid("SQL", "got a parameter, want values written out");
  }
  return statement;
}

}  // namespace

void GuardedDb::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Result<GuardedDb> GuardedDb::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  GuardedDb db(handle);
  if (code != SQLITE_OK) return Error::Unavailable(path, "cannot open database: " + std::string(sqlite3_errstr(code)));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, kMaxSqlBytes);
  sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 200);
  sqlite3_limit(handle, SQLITE_LIMIT_COMPOUND_SELECT, 100);
  sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, 1'000'000);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1'000);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // Tables that stand for functions are declared on first use, which looks like CREATE TABLE to the authorizer: so once
  // before it. A file that is no database says so when it is asked.
  for (const char* sql : {"SELECT 1 FROM json_each('[]')", "SELECT 1 FROM json_tree('[]')",
                          "SELECT 1 FROM pragma_table_info('a')", "SELECT 1 FROM pragma_table_list('a')",
                          "SELECT 1 FROM pragma_index_list('a')", "SELECT 1 FROM pragma_foreign_key_list('a')"}) {
    sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
  }
  sqlite3_set_authorizer(handle, Authorize, nullptr);
  return db;
}

Result<SqlRows> GuardedDb::Query(std::string_view sql, const SqlLimits& limits) {
  sqlite3* const handle = handle_.get();
  const auto over = [](void* told) {
    const auto& bounds = *static_cast<const SqlLimits*>(told);
    return static_cast<int>(bounds.stop.stop_requested() || Clock::Real().Now() >= bounds.until);
  };
  sqlite3_progress_handler(handle, kStepsBetweenLooks, over, const_cast<SqlLimits*>(&limits));
  struct Unset {
    sqlite3* handle;
    ~Unset() { sqlite3_progress_handler(handle, 0, nullptr, nullptr); }
  } const unset{handle};
  TRY(const OwnedStatement statement, Prepare(handle, sql, limits));
  SqlRows found;
  const int num_columns = sqlite3_column_count(statement.get());
  for (int i = 0; i < num_columns; ++i) {
    const char* name = sqlite3_column_name(statement.get(), i);
    found.columns.push_back(Cut(name == nullptr ? "" : name, 200));
  }
  int64_t bytes = 0;
  while (true) {
    const int code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) return found;
    if (code != SQLITE_ROW) return ErrorOf(handle, limits);
    if (static_cast<int64_t>(found.rows.size()) >= limits.rows || bytes >= limits.bytes) {
      found.more = true;
      return found;
    }
    std::vector<SqlValue>& row = found.rows.emplace_back();
    for (int i = 0; i < num_columns; ++i) {
      row.push_back(ValueOf(statement.get(), i, limits.value_bytes));
      const auto* text = std::get_if<std::string>(&row.back());
      bytes += text != nullptr ? static_cast<int64_t>(text->size()) : 8;
    }
  }
}

}  // namespace atelier
