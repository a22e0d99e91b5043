// Asks a database that is there for others: a SQLite file or a PostgreSQL server, read-only, within limits.
//
// SQLite is read through GuardedDb. In PostgreSQL a query runs as a cursor in a READ ONLY transaction that is always
// rolled back, under a statement_timeout; whether functions with effects outside of tables may be called is for the
// role's rights to say, so give it a role that may read and no more. Values are cut by the server: a query is asked for
// as the columns of a subquery, each of them as text of at most so many characters (numbers and what has a fixed size
// as they are), and rows are fetched a few at a time, so that no value and no batch of rows is ever held whole here.
#include <algorithm>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/tool_net.h"
#include "base/postgres/postgres_connection.h"
#include "base/store/guarded_db.h"

namespace atelier {
namespace {

constexpr int64_t kMaxSqlBytes = 20'000;
constexpr int64_t kMaxSchemaRows = 2'000;  // tables of SQLite, columns of PostgreSQL
constexpr int64_t kRowsPerFetch = 25;
constexpr int64_t kFetchBytes = 4 << 20;     // of one fetch, unless a single row is larger
constexpr int64_t kMaxBytesOfCharacter = 4;  // UTF-8

struct SqlOptions {
  std::string database;
  int64_t max_rows = 100;
  int64_t max_text = 20'000;
  double seconds = 10;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&SqlOptions::database>("database", "path of a SQLite file, or postgresql://user@host/database").Required(),
        Key<&SqlOptions::max_rows>("max_rows", "rows given at most").Between(1, 10'000),
        Key<&SqlOptions::max_text>("max_text", "bytes of rows given at most").Between(200, 1'000'000),
        Key<&SqlOptions::seconds>("seconds", "a query may take").Between(0.01, 3600)};
    return fields;
  }
};

struct SqlQueryArguments {
  std::string sql;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&SqlQueryArguments::sql>("sql", "one SELECT (or WITH … SELECT)").Required().AtMostBytes(kMaxSqlBytes)};
    return fields;
  }
};

struct SqlSchemaArguments {
  std::string table;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&SqlSchemaArguments::table>("table", "of this table alone; empty: of all").AtMostBytes(200)};
    return fields;
  }
};

// What both kinds of databases can do. Pool threads.
class SqlSource {
 public:
  virtual ~SqlSource() = default;
  virtual Result<SqlRows> Query(const std::string& sql, const SqlLimits& limits) = 0;
  virtual Result<SqlRows> Schema(const std::string& table, const SqlLimits& limits) = 0;
};

class SqliteSource final : public SqlSource {
 public:
  explicit SqliteSource(std::string path) : path_(std::move(path)) {}
  // A connection a query: it costs 0.1 ms, and no state is left behind.
  Result<SqlRows> Query(const std::string& sql, const SqlLimits& limits) override {
    TRY(GuardedDb db, GuardedDb::Open(path_));
    return db.Query(sql, limits);
  }
  Result<SqlRows> Schema(const std::string& table, const SqlLimits& limits) override {
    std::string sql =
        "SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE "
        "'sqlite\\_%' ESCAPE '\\'";
    if (!table.empty()) {
      std::string quoted;
      for (const char c : table) quoted += c == '\'' ? std::string("''") : std::string(1, c);
      sql += " AND name = '" + quoted + "'";
    }
    return Query(sql + " ORDER BY name", limits);
  }

 private:
  const std::string path_;
};

class PostgresSource final : public SqlSource {
 public:
  explicit PostgresSource(const std::string& address) : pool_(address) {}

  Result<SqlRows> Query(const std::string& sql, const SqlLimits& limits) override { return Ask(sql, {}, limits); }
  Result<SqlRows> Schema(const std::string& table, const SqlLimits& limits) override {
    return Ask(
        "SELECT table_schema, table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND ($1 = '' OR table_name = $1) "
        "ORDER BY table_schema, table_name, ordinal_position",
        {table}, limits);
  }

 private:
  Result<SqlRows> Ask(const std::string& sql, const PostgresParameters& parameters, const SqlLimits& limits) {
    TRY(PostgresSession session, pool_.Take());
    TRY_VOID(session.BeginReading());  // the session's end rolls back
    TRY_VOID(Limit(session, limits));
    // By itself first: one whole statement, which therefore cannot end the subquery that it becomes.
    TRY(const PostgresRows shape, session.Describe(sql));
    if (shape.num_columns() == 0) return Error::Invalid("SQL", "got a statement that gives no columns, want a SELECT");
    TRY_VOID(session.Run("DECLARE atelier_query NO SCROLL CURSOR FOR " + Cut(sql, shape, limits), parameters));
    SqlRows found;
    int64_t bytes = 0;
    const int64_t row_bytes = shape.num_columns() * (limits.value_bytes + 1) * kMaxBytesOfCharacter;
    const int64_t at_once = std::clamp<int64_t>(kFetchBytes / row_bytes, 1, kRowsPerFetch);
    for (int i = 0; i < shape.num_columns(); ++i) found.columns.emplace_back(Shortened(shape.Name(i), 200));
    while (true) {
      TRY_VOID(Limit(session, limits));  // the query could have set another
      TRY(const PostgresRows rows, session.Run("FETCH " + std::to_string(at_once) + " FROM atelier_query"));
      for (int row = 0; row < rows.size(); ++row) {
        if (static_cast<int64_t>(found.rows.size()) >= limits.rows || bytes >= limits.bytes) {
          found.more = true;
          return found;
        }
        found.rows.push_back(RowOf(rows, row, limits, bytes));
      }
      if (rows.size() < at_once) return found;
    }
  }

  // The query with its values cut to one character more than is given of them, so that what was cut is seen to be.
  static std::string Cut(const std::string& sql, const PostgresRows& shape, const SqlLimits& limits) {
    const std::string most = std::to_string(limits.value_bytes + 1);
    std::string values, names;
    for (int i = 0; i < shape.num_columns(); ++i) {
      const std::string name = "c" + std::to_string(i);
      names += (i > 0 ? ", " : "") + name;
      values += i > 0 ? ", " : "";
      if (shape.HoldsNumbers(i) || shape.IsOfFixedSize(i)) {
        values += name;
      } else if (shape.HoldsBytes(i)) {
        // As it is written, without writing all of it.
        values += "left('\\x' || encode(substring(" + name + " FROM 1 FOR " + most + "), 'hex'), " + most + ")";
      } else {
        values += "left(" + name + "::text, " + most + ")";
      }
    }
    return "SELECT " + values + " FROM (\n" + sql + "\n) AS atelier_query(" + names + ")";
  }

  static Result<void> Limit(PostgresSession& session, const SqlLimits& limits) {
    if (limits.stop.stop_requested()) return Error::Cancelled("SQL", "stopped on request");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limits.until - Clock::Real().Now()).count();
    if (left <= 0) return Error::Timeout("SQL", "the query took too long");
    TRY_VOID(session.Run("SELECT set_config('statement_timeout', $1, true)",
                         {std::to_string(std::min<int64_t>(left, 86'400'000))}));
    return {};
  }

  static std::vector<SqlValue> RowOf(const PostgresRows& rows, int row, const SqlLimits& limits, int64_t& bytes) {
    std::vector<SqlValue> values;
    for (int column = 0; column < rows.num_columns(); ++column) {
      const std::string_view text = rows.Text(row, column);
      if (rows.IsNull(row, column)) {
        values.emplace_back();
      } else if (rows.HoldsNumbers(column) && text == std::to_string(rows.Whole(row, column))) {
        values.emplace_back(rows.Whole(row, column));
      } else if (rows.HoldsNumbers(column) && text.size() < 16 && Json::Parse(text).ok()) {
        values.emplace_back(rows.Number(row, column));
      } else {
        const TextExtract part =
            PartOf(text, 0, limits.value_bytes);  // decimals of many digits too: nothing is rounded
        values.emplace_back(std::string(part.text) + (part.next > 0 ? "… [cut]" : ""));
      }
      bytes += static_cast<int64_t>(std::min<size_t>(text.size(), static_cast<size_t>(limits.value_bytes))) + 1;
    }
    return values;
  }

  PostgresPool pool_;
};

Json JsonOf(const SqlValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return *whole;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return Json(*text);
  return {};
}

ToolOutput Tell(const SqlRows& found, const SqlOptions& options) {
  Json columns = Json::Array(), rows = Json::Array();
  std::string text;
  for (const std::string& name : found.columns) {
    columns.Push(name);
    text += (columns.size() > 1 ? " | " : "") + name;
  }
  bool more = found.more;
  for (const std::vector<SqlValue>& row : found.rows) {
    Json values = Json::Array();
    std::string line = "\n";
    for (const SqlValue& value : row) {
      const Json json = JsonOf(value);
      line += (values.empty() ? "" : " | ") + (json.is_string() ? json.AsString() : json.Dump());
      values.Push(json);
    }
    more = more || static_cast<int64_t>(text.size() + line.size()) > options.max_text;
    if (static_cast<int64_t>(text.size() + line.size()) > options.max_text && !rows.empty()) break;
    text += Shortened(line, options.max_text);
    rows.Push(std::move(values));
  }
  if (rows.empty()) text += "\n[no rows]";
  if (more) text += "\n[there is more than these " + std::to_string(rows.size()) + " rows]";
  return {.text = std::move(text),
          .structured = Json::Object({{"columns", std::move(columns)}, {"rows", std::move(rows)}, {"more", more}})};
}

ToolSpec SpecOf(std::string name, std::string title, std::string description, Json parameters, double seconds) {
  ToolSpec spec{.name = std::move(name), .title = std::move(title), .description = std::move(description)};
  spec.parameters = std::move(parameters);
  spec.output_schema = Json::Parse(R"({"type": "object", "required": ["columns", "rows", "more"], "properties": {
      "columns": {"type": "array", "items": {"type": "string"}}, "rows": {"type": "array", "items": {"type": "array"}},
      "more": {"type": "boolean", "description": "there are more rows than given"}}})")
                           .value();
  spec.read_only = spec.idempotent = true;
  spec.timeout = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000) + 1);
  return spec;
}

ToolOutput Answer(const Result<SqlRows>& found, const SqlOptions& options) {
  return found ? Tell(*found, options) : ToolFailure(found.error());
}

SqlLimits LimitsOf(const SqlOptions& options, const BlockingCall& call, int64_t rows) {
  SqlLimits limits;
  limits.rows = rows;
  limits.bytes = options.max_text;
  limits.value_bytes = std::min<int64_t>(limits.value_bytes, options.max_text);
  limits.until = call.until;
  limits.stop = call.stop;
  return limits;
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const SqlOptions options, ReadToolOptions<SqlOptions>(config));
  std::shared_ptr<SqlSource> source;
  const bool is_postgres = options.database.starts_with("postgres://") || options.database.starts_with("postgresql://");
  if (is_postgres) {
    if (Result<void> good = CheckPostgresAddress(options.database); !good) {
      return Error::Invalid("database", good.error().what);
    }
    source = std::make_shared<PostgresSource>(options.database);
  } else {
    if (Result<GuardedDb> db = GuardedDb::Open(options.database); !db) return std::move(db).error().Under("database");
    source = std::make_shared<SqliteSource>(options.database);
  }
  const std::string kind = is_postgres ? "PostgreSQL" : "SQLite";
  auto query = [source, options](const BlockingCall& call, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<SqlQueryArguments>(json);
    if (!arguments) return ToolFailure(arguments.error());
    return Answer(source->Query(arguments->sql, LimitsOf(options, call, options.max_rows)), options);
  };
  auto schema = [source, options](const BlockingCall& call, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<SqlSchemaArguments>(json);
    if (!arguments) return ToolFailure(arguments.error());
    return Answer(source->Schema(arguments->table, LimitsOf(options, call, kMaxSchemaRows)), options);
  };
  ToolSpec query_spec = SpecOf("sql_query", "Query a database",
                               "Runs one SELECT in a " + kind + " database and gives its rows. Nothing can be changed.",
                               JsonSchema<SqlQueryArguments>(), options.seconds);
  ToolSpec schema_spec = SpecOf("sql_schema", "Tables of a database",
                                "Tells the tables of a " + kind + " database and their columns: look before you query.",
                                JsonSchema<SqlSchemaArguments>(), options.seconds);
  return AgentTools{MakeBlockingTool(environment, std::move(schema_spec), std::move(schema)),
                    MakeBlockingTool(environment, std::move(query_spec), std::move(query))};
}

}  // namespace

extern const ToolEntry tool_sql;
const ToolEntry tool_sql{"sql", "tables of a SQLite file or a PostgreSQL server, read-only", Make};

}  // namespace atelier
