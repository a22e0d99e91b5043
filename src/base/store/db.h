// SQLite behind Results: a Db is one connection, used by one thread at a time. Write-ahead log,
// foreign keys on, a busy timeout instead of SQLITE_BUSY.   [sqlite.org/wal.html, /pragma.html]
//
//   TRY(auto db, Db::Open(path, {.synchronous = Synchronous::kFull}));
//   TRY_VOID(Migrate(db, kMigrations));
//   TRY(auto insert, db.Prepare("INSERT INTO note(title, body) VALUES (?, ?)"));
//   TRY_VOID(insert.Run(title, body));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace atelier {

class FilesVfs;  // files_vfs.h

// How much a commit survives: kFull a power cut, kNormal a crash of the process (a power cut may undo
// the last commits but never damages the file), kOff neither (tests).
enum class Synchronous { kOff, kNormal, kFull };

struct DbOptions {
  Synchronous synchronous = Synchronous::kFull;
  bool read_only = false;
  int busy_timeout_ms = 5000;
  const FilesVfs* vfs = nullptr;  // whose files it lies on; null: the machine's
};

class StatementCache;  // in db.cc

// A prepared statement. Must not outlive its Db. Parameters and columns count from 0.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Each binds by position; CHECKs that the position exists. Text and blobs are copied.
  void BindNull(int index);
  void Bind(int index, int64_t value);
  void Bind(int index, double value);
  void Bind(int index, std::string_view text);
  void BindBlob(int index, std::span<const std::byte> blob);
  template <class... Values>
  void BindAll(const Values&... values) {
    int index = 0;
    (BindOne(index++, values), ...);
  }

  // Binds, runs to the end, resets. For statements without rows.
  template <class... Values>
  Result<void> Run(const Values&... values) {
    BindAll(values...);
    return Finish();
  }

  // The next row: true, or false when there is none (the statement is reset then).
  Result<bool> Step();
  // Back to before the first row; keeps what is bound.
  void Reset();

  // The current row's columns, converted as SQLite does; views die with the next Step or Reset.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string_view Text(int column) const;
  std::span<const std::byte> Blob(int column) const;
  int num_columns() const;

 private:
  friend class Db;
  Statement(sqlite3_stmt* statement, std::shared_ptr<StatementCache> cache)
      : statement_(statement), cache_(std::move(cache)) {}
  Result<void> Finish();
  template <class Value>
  void BindOne(int index, const Value& value);
  template <class Value>
  void BindOne(int index, const std::optional<Value>& value) {
    value ? BindOne(index, *value) : BindNull(index);
  }

  sqlite3_stmt* statement_;
  std::shared_ptr<StatementCache> cache_;  // that it goes back to
};

template <class Value>
void Statement::BindOne(int index, const Value& value) {
  if constexpr (std::is_same_v<Value, std::nullopt_t>) {
    BindNull(index);
  } else if constexpr (std::is_integral_v<Value>) {
    Bind(index, static_cast<int64_t>(value));
  } else if constexpr (std::is_floating_point_v<Value>) {
    Bind(index, static_cast<double>(value));
  } else if constexpr (std::is_convertible_v<const Value&, std::span<const std::byte>>) {
    BindBlob(index, value);
  } else {
    Bind(index, std::string_view(value));
  }
}

class Db {
 public:
  // Makes the file unless read_only. Errors: kUnavailable (cannot open), kCorrupt (not a database).
  static Result<Db> Open(const std::string& path, DbOptions options = {});
  Db(Db&& other) noexcept;
  Db& operator=(Db&& other) noexcept;
  ~Db();

  // One or more statements without parameters; rows are ignored.
  Result<void> Execute(const std::string& sql);
  // One of the last texts that were prepared is not compiled again: that takes longer than most of them run.
  Result<Statement> Prepare(std::string_view sql);
  // First column of the first row; nothing where there is no row.
  Result<std::optional<int64_t>> QueryInt(std::string_view sql);
  Result<std::optional<std::string>> QueryText(std::string_view sql);

  int64_t last_insert_id() const;
  // Rows changed by the last statement.
  int64_t changes() const;
  const std::string& path() const { return path_; }

 private:
  Db(sqlite3* handle, std::string path);
  sqlite3* handle_;
  std::string path_;
  std::shared_ptr<StatementCache> cache_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> Begin(Db& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> Commit();

 private:
  explicit Transaction(Db& db) : db_(&db) {}
  Db* db_;
};

// Brings the schema up to date: migrations[i] (SQL text) leads from user_version i to i + 1, each in its
// own transaction. A file from a newer program (user_version > size) is kUnsupported.
Result<void> Migrate(Db& db, std::span<const std::string_view> migrations);

// The same for one of several stores that share a file: each counts its own migrations, under its name. The file's
// user_version is left alone.
Result<void> MigrateStore(Db& db, std::string_view store, std::span<const std::string_view> migrations);

// PRAGMA integrity_check: kCorrupt with SQLite's words unless "ok".
Result<void> CheckIntegrity(Db& db);

}  // namespace atelier
