#include "base/store/db.h"

#include <sqlite3.h>

#include <deque>
#include <utility>

#include "base/store/files_vfs.h"

namespace atelier {
namespace {

ErrorKind KindOf(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorKind::kCorrupt;
    case SQLITE_CONSTRAINT: return ErrorKind::kConflict;
    case SQLITE_TOOBIG: return ErrorKind::kTooLarge;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR:  // SQL that does not parse or names what is not there: ours
      return ErrorKind::kInternal;
    default:  // busy, full, I/O, cannot open, read-only
      return ErrorKind::kUnavailable;
  }
}

std::string PathOf(sqlite3* handle) {
  const char* path = handle ? sqlite3_db_filename(handle, "main") : nullptr;
  return path && *path ? path : "database";
}

Error ErrorOf(sqlite3* handle, int code, std::string_view doing) {
  std::string what(doing.substr(0, 200));
  if (!what.empty()) what += ": ";
  what += handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return Error::Of(KindOf(code), PathOf(handle), std::move(what));
}

Error ErrorOf(sqlite3_stmt* statement, int code) {
  const char* sql = sqlite3_sql(statement);
  return ErrorOf(sqlite3_db_handle(statement), code, sql ? sql : "");
}

const char* SynchronousName(Synchronous level) {
  switch (level) {
    case Synchronous::kOff: return "OFF";
    case Synchronous::kNormal: return "NORMAL";
    case Synchronous::kFull: return "FULL";
  }
  return "FULL";
}

}  // namespace

// Compiled statements that nobody uses at the moment, reset and without bindings. SQLite compiles one anew by itself
// where the schema has changed since.
class StatementCache {
 public:
  ~StatementCache() { Close(); }
  // Null: there is none of this text.
  sqlite3_stmt* Take(std::string_view sql) {
    for (auto at = free_.begin(); at != free_.end(); ++at) {
      if (sqlite3_sql(*at) != sql) continue;
      sqlite3_stmt* const statement = *at;
      free_.erase(at);
      return statement;
    }
    return nullptr;
  }
  void Give(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (closed_) {
      sqlite3_finalize(statement);
      return;
    }
    free_.push_front(statement);
    if (free_.size() <= kMost) return;
    sqlite3_finalize(free_.back());
    free_.pop_back();
  }
  void Close() {
    closed_ = true;
    for (sqlite3_stmt* statement : free_) sqlite3_finalize(statement);
    free_.clear();
  }

 private:
  static constexpr size_t kMost = 32;  // a store's every statement, and no more than some 100 kB
  std::deque<sqlite3_stmt*> free_;     // the last used first
  bool closed_ = false;
};

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), cache_(std::move(other.cache_)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(cache_, other.cache_);
  return *this;
}
Statement::~Statement() {
  if (statement_) cache_->Give(statement_);
}

// Positions are our own doing, so a wrong one is a bug; running out of memory ends the process anyway.
void Statement::BindNull(int index) { CHECK(sqlite3_bind_null(statement_, index + 1) == SQLITE_OK); }
void Statement::Bind(int index, int64_t value) { CHECK(sqlite3_bind_int64(statement_, index + 1, value) == SQLITE_OK); }
void Statement::Bind(int index, double value) { CHECK(sqlite3_bind_double(statement_, index + 1, value) == SQLITE_OK); }
void Statement::Bind(int index, std::string_view text) {
  // An empty view may point nowhere, which SQLite would take for NULL.
  const char* bytes = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_text64(statement_, index + 1, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG);  // too big: the parameter stays NULL and NOT NULL refuses it
}
void Statement::BindBlob(int index, std::span<const std::byte> blob) {
  const int code = blob.empty()
                       ? sqlite3_bind_zeroblob(statement_, index + 1, 0)
                       : sqlite3_bind_blob64(statement_, index + 1, blob.data(), blob.size(), SQLITE_TRANSIENT);
  CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG);
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  Error error = ErrorOf(statement_, code);
  Reset();
  return error;
}

Result<void> Statement::Finish() {
  while (true) {
    TRY(const bool more, Step());
    if (!more) return {};
  }
}

void Statement::Reset() { sqlite3_reset(statement_); }

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Double(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text ? std::string_view(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)))
              : std::string_view();
}
std::span<const std::byte> Statement::Blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  return {bytes, bytes ? static_cast<size_t>(sqlite3_column_bytes(statement_, column)) : 0};
}
int Statement::num_columns() const { return sqlite3_column_count(statement_); }

Result<Db> Db::Open(const std::string& path, DbOptions options) {
  sqlite3* handle = nullptr;
  const int access = options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  // NOMUTEX: one thread at a time uses a Db, as the header says.
  const int code = sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX,
                                   options.vfs != nullptr ? options.vfs->name() : nullptr);
  Db db(handle, path);
  if (code != SQLITE_OK) {
    return Error::Unavailable(path, "cannot open database: " + std::string(sqlite3_errstr(code)));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  TRY_VOID(db.Execute("PRAGMA foreign_keys = ON"));
  if (!options.read_only) {
    TRY(const auto answer, db.QueryText("PRAGMA journal_mode = WAL"));
    const std::string mode = answer.value_or("");
    if (mode != "wal" && path != ":memory:") {
      return Error::Unavailable(path, "got journal mode '" + mode + "', want 'wal'");
    }
  }
  TRY_VOID(db.Execute(std::string("PRAGMA synchronous = ") + SynchronousName(options.synchronous)));
  return db;
}

Db::Db(sqlite3* handle, std::string path)
    : handle_(handle), path_(std::move(path)), cache_(std::make_shared<StatementCache>()) {}
Db::Db(Db&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)), cache_(std::move(other.cache_)) {}
Db& Db::operator=(Db&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  std::swap(cache_, other.cache_);
  return *this;
}
Db::~Db() {
  if (cache_) cache_->Close();
  sqlite3_close_v2(handle_);
}

Result<void> Db::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return ErrorOf(handle_, code, sql);
  return {};
}

Result<Statement> Db::Prepare(std::string_view sql) {
  if (sqlite3_stmt* const kept = cache_->Take(sql)) return Statement(kept, cache_);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(handle_, code, sql);
  if (!statement) return Error::Internal(path_, "got SQL without a statement");
  return Statement(statement, cache_);
}

Result<std::optional<int64_t>> Db::QueryInt(std::string_view sql) {
  TRY(Statement statement, Prepare(sql));
  TRY(const bool found, statement.Step());
  if (!found || statement.IsNull(0)) return std::optional<int64_t>();
  return std::optional<int64_t>(statement.Int(0));
}

Result<std::optional<std::string>> Db::QueryText(std::string_view sql) {
  TRY(Statement statement, Prepare(sql));
  TRY(const bool found, statement.Step());
  if (!found || statement.IsNull(0)) return std::optional<std::string>();
  return std::optional<std::string>(std::string(statement.Text(0)));
}

int64_t Db::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
int64_t Db::changes() const { return sqlite3_changes64(handle_); }

Result<Transaction> Transaction::Begin(Db& db) {
  TRY_VOID(db.Execute("BEGIN IMMEDIATE"));
  return Transaction(db);
}

Transaction::~Transaction() {
  if (db_) (void)db_->Execute("ROLLBACK");  // SQLite may have rolled back by itself already
}

Result<void> Transaction::Commit() {
  CHECK(db_);
  TRY_VOID(db_->Execute("COMMIT"));
  db_ = nullptr;
  return {};
}

Result<void> Migrate(Db& db, std::span<const std::string_view> migrations) {
  const auto wanted = static_cast<int64_t>(migrations.size());
  while (true) {
    // The version is read inside the transaction: another process may migrate at the same time.
    TRY(Transaction transaction, Transaction::Begin(db));
    TRY(const auto version, db.QueryInt("PRAGMA user_version"));
    const int64_t current = version.value_or(0);
    if (current > wanted || current < 0) {
      return Error::Unsupported(db.path(), "got schema version " + std::to_string(current) + ", want at most " +
                                               std::to_string(wanted) + "; a newer program wrote this file");
    }
    if (current == wanted) return {};
    TRY_VOID(db.Execute(std::string(migrations[static_cast<size_t>(current)])));
    TRY_VOID(db.Execute("PRAGMA user_version = " + std::to_string(current + 1)));
    TRY_VOID(transaction.Commit());
  }
}

Result<void> MigrateStore(Db& db, std::string_view store, std::span<const std::string_view> migrations) {
  const auto wanted = static_cast<int64_t>(migrations.size());
  TRY(Transaction transaction, Transaction::Begin(db));
  TRY_VOID(db.Execute("CREATE TABLE IF NOT EXISTS store_version(store TEXT PRIMARY KEY, version INTEGER NOT NULL)"));
  int64_t current = 0;
  {
    TRY(Statement select, db.Prepare("SELECT version FROM store_version WHERE store = ?"));
    select.BindAll(store);
    TRY(const bool known, select.Step());
    if (known) current = select.Int(0);
  }
  if (current > wanted || current < 0) {
    return Error::Unsupported(db.path() + ": " + std::string(store),
                              "got version " + std::to_string(current) + " of its tables, want at most " +
                                  std::to_string(wanted) + "; a newer program wrote this file");
  }
  if (current == wanted) return transaction.Commit();
  for (; current < wanted; ++current) TRY_VOID(db.Execute(std::string(migrations[static_cast<size_t>(current)])));
  TRY(Statement set,
      db.Prepare("INSERT INTO store_version VALUES (?1, ?2) ON CONFLICT(store) DO UPDATE SET version = ?2"));
  TRY_VOID(set.Run(store, wanted));
  return transaction.Commit();
}

Result<void> CheckIntegrity(Db& db) {
  TRY(const auto answer, db.QueryText("PRAGMA integrity_check"));
  const std::string verdict = answer.value_or("no answer");
  if (verdict == "ok") return {};
  return Error::Corrupt(db.path(), "integrity check: " + verdict);
}

}  // namespace atelier
