// Connections to a PostgreSQL server through libpq, kept for the next asker.
//
//   PostgresPool pool("postgresql://user@host/database");
//   TRY(PostgresSession session, pool.Take());
//   TRY(const PostgresRows rows, session.Run("SELECT id FROM t WHERE n > $1", {"5"}));
//
// Parameters and values are texts, as PostgreSQL writes them; nothing is ever pasted into a statement but names that
// come from us. Every statement ends after kStatementTimeout at the latest.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct pg_conn;    // of libpq
struct pg_result;  // of libpq

namespace atelier {

using PostgresParameters = std::vector<std::optional<std::string>>;  // nothing: NULL

// What a statement gave.
class PostgresRows {
 public:
  explicit PostgresRows(pg_result* result);

  int size() const;
  int num_columns() const;
  std::string_view Name(int column) const;
  bool HoldsNumbers(int column) const;   // whole, floating or decimal: their texts are JSON's, but for NaN and infinity
  bool IsOfFixedSize(int column) const;  // values of its type have so many bytes and no more
  bool HoldsBytes(int column) const;     // bytea
  bool IsNull(int row, int column) const;
  std::string_view Text(int row, int column) const;
  int64_t Whole(int row, int column) const;      // 0 where it is none
  double Number(int row, int column) const;      // 0 where it is none
  std::string Bytes(int row, int column) const;  // of a bytea

 private:
  friend class PostgresSession;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// One connection, for one thread at a time. A transaction that is not committed is rolled back when the session ends.
class PostgresSession {
 public:
  PostgresSession(PostgresSession&&) noexcept = default;
  ~PostgresSession();

  // Errors: kUnavailable (the server is gone), kTimeout, kConflict (serialisation, duplicates), kDenied, kInvalid with
  // the server's own words.
  Result<PostgresRows> Run(const std::string& statement, const PostgresParameters& parameters = {});
  // The columns that a statement would give, without rows; nothing is run. Errors: as of Run.
  Result<PostgresRows> Describe(const std::string& statement);
  Result<void> Begin();
  // What follows sees one moment, and changes nothing.
  Result<void> BeginReading();
  Result<void> Commit();

 private:
  friend class PostgresPool;
  Result<PostgresRows> Checked(PostgresRows rows);
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  using Connection = std::unique_ptr<pg_conn, Finish>;
  PostgresSession(class PostgresPool* pool, Connection connection) : pool_(pool), connection_(std::move(connection)) {}

  class PostgresPool* pool_;
  Connection connection_;
};

// Whether an address can be kept in a file: kInvalid where it is none, or says a password.
Result<void> CheckPostgresAddress(const std::string& address);

// Thread-safe. Outlives its sessions.
class PostgresPool {
 public:
  static constexpr std::chrono::seconds kStatementTimeout{120};

  // A URI or keywords, as libpq takes them; nothing is connected yet.
  explicit PostgresPool(std::string address) : address_(std::move(address)) {}

  // An idle connection that still stands, or a new one. Errors: kUnavailable in the server's own words, kDenied.
  Result<PostgresSession> Take();

 private:
  friend class PostgresSession;
  static constexpr size_t kMaxIdle = 8;

  const std::string address_;
  std::mutex mutex_;
  std::vector<PostgresSession::Connection> idle_;
};

}  // namespace atelier
