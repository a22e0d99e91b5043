// A SQLite file read with somebody else's SQL: one SELECT at a time, within limits.
//
// What holds, each for itself: the file is opened read-only; an authorizer lets nothing pass but reading, functions and
// a few harmless PRAGMAs (no ATTACH, no load_extension, no transaction); the schema's own SQL is not trusted
// (SQLITE_DBCONFIG_TRUSTED_SCHEMA), the database is defensive; the statement must be one and read-only; a progress
// handler ends it at the deadline or a stop; lengths, depths and expressions are limited.   [sqlite.org/security.html]
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;

namespace atelier {

// NULL, whole, floating, text. A blob becomes a text that tells its size.
using SqlValue = std::variant<std::monostate, int64_t, double, std::string>;

struct SqlLimits {
  int64_t rows = 100;
  int64_t bytes = 1 << 20;                           // of all values together; a row that goes beyond is the last
  int64_t value_bytes = 4'000;                       // of one value; what is beyond is cut, between characters
  Clock::TimePoint until = Clock::TimePoint::max();  // on Clock::Real()
  std::stop_token stop = {};
};

struct SqlRows {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  bool more = false;  // there were more rows than the limits let in
};

class GuardedDb {
 public:
  // Errors: kUnavailable (there is no such file, or it cannot be opened).
  static Result<GuardedDb> Open(const std::string& path);
  // Errors: kDenied (what is not reading), kInvalid (SQL that is none, in SQLite's words), kTimeout, kCancelled,
  // kTooLarge (a value above 16 MiB), kCorrupt, kUnavailable.
  Result<SqlRows> Query(std::string_view sql, const SqlLimits& limits);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit GuardedDb(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace atelier
