// The SQL tools on files of SQLite; on PostgreSQL where ATELIER_POSTGRES names a server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>

#include "agent/tools/tools_testing.h"
#include "base/store/db.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SqlTool : public testing::Test {
 protected:
  SqlTool() {
    Db db = Db::Open(path_).value();
    CHECK(db.Execute("CREATE TABLE pet(id INTEGER PRIMARY KEY, name TEXT, weight REAL, photo BLOB);"
                     "INSERT INTO pet VALUES (1, 'Ada', 4.5, x'0102'), (2, 'B''ob', NULL, NULL);"
                     "CREATE INDEX by_name ON pet(name); CREATE VIEW heavy AS SELECT * FROM pet WHERE weight > 4")
              .ok());
  }
  Result<ToolOutput> Query(std::string sql, Json more = Json::Object(), Call call = {}) {
    more.Set("database", path_);
    const AgentTools tools = bench_.Make("sql", std::move(more)).value();
    return bench_.Run(*tools[1], Json::Object({{"sql", std::move(sql)}}), std::move(call));
  }
  std::string Said(std::string sql) {
    const auto output = Query(std::move(sql));
    return output ? output->text : output.error().Message();
  }
  int64_t Pets() { return **Db::Open(path_)->QueryInt("SELECT count(*) FROM pet"); }

  ToolBench bench_;
  const std::string path_ = bench_.folder() + "/pets.db";
};

TEST_F(SqlTool, GivesRowsWithTheirTypes) {
  const auto output = Query("SELECT * FROM pet ORDER BY id");
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_EQ(output->structured.Dump(),
            R"({"columns":["id","name","weight","photo"],"rows":[[1,"Ada",4.5,"[2 bytes]"],[2,"B'ob",null,null]],)"
            R"("more":false})");
  EXPECT_EQ(output->text, "id | name | weight | photo\n1 | Ada | 4.5 | [2 bytes]\n2 | B'ob | null | null");
  EXPECT_THAT(Said("SELECT * FROM pet WHERE 0"), HasSubstr("[no rows]"));
  EXPECT_THAT(Said("WITH x AS (SELECT 1 AS a) SELECT a FROM x; -- the end"), HasSubstr("a\n1"));
}

TEST_F(SqlTool, TellsTheSchema) {
  const AgentTools tools = bench_.Make("sql", Json::Object({{"database", path_}})).value();
  EXPECT_THAT(bench_.Run(*tools[0], Json::Object({}))->text, HasSubstr("CREATE TABLE pet"));
  const auto one = bench_.Run(*tools[0], Json::Object({{"table", "heavy"}}));
  EXPECT_EQ(one->structured["rows"].size(), 1);
  EXPECT_EQ(bench_.Run(*tools[0], Json::Object({{"table", "x' OR 1=1 --"}}))->structured["rows"].size(), 0);
  EXPECT_THAT(Said("SELECT name FROM pragma_table_info('pet') LIMIT 1"), HasSubstr("id"));
  EXPECT_THAT(Said("SELECT value FROM json_each('[7, 8]')"), HasSubstr("7\n8"));
  for (const auto& tool : tools) EXPECT_TRUE(tool->spec().read_only && !tool->spec().sensitive);
}

TEST_F(SqlTool, NothingCanBeChangedOrReachedBesideTheFile) {
  for (const char* sql : {"DELETE FROM pet",
                          "INSERT INTO pet(id) VALUES (9)",
                          "UPDATE pet SET name = ''",
                          "DROP TABLE pet",
                          "CREATE TABLE x(a)",
                          "CREATE TEMP TABLE x(a)",
                          "ATTACH '/tmp/x.db' AS x",
                          "DETACH main",
                          "VACUUM",
                          "VACUUM INTO '/tmp/x.db'",
                          "REINDEX",
                          "ANALYZE",
                          "BEGIN",
                          "BEGIN IMMEDIATE",
                          "COMMIT",
                          "SAVEPOINT x",
                          "PRAGMA writable_schema = 1",
                          "PRAGMA journal_mode = DELETE",
                          "PRAGMA user_version = 7",
                          "PRAGMA query_only = 0",
                          "PRAGMA temp_store_directory = '/'",
                          "SELECT load_extension('/tmp/x.so')",
                          "SELECT * FROM pragma_database_list",
                          "WITH x AS (SELECT 1) DELETE FROM pet",
                          "SELECT 1; DELETE FROM pet",
                          "SELECT 1; SELECT 2",
                          "EXPLAIN DELETE FROM pet",
                          "SELECT writefile('/tmp/x', 'y')",
                          "SELECT readfile('/etc/passwd')",
                          "SELECT ?",
                          "",
                          ";",
                          "-- nothing",
                          "SELECT fts3_tokenizer('simple')"}) {
    const auto output = Query(sql);
    EXPECT_TRUE(!output.ok() || output->is_error) << sql;
  }
  EXPECT_EQ(Pets(), 2);
  EXPECT_THAT(Said("DELETE FROM pet"), HasSubstr("SQL: got something else than reading"));
  EXPECT_THAT(Said("SELECT nme FROM pet"), HasSubstr("no such column: nme"));
}

TEST_F(SqlTool, RowsBytesAndTimeAreBounded) {
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ";
  const auto rows = Query(endless + "i FROM n", Json::Object({{"max_rows", 7}}));
  EXPECT_EQ(rows->structured["rows"].size(), 7);
  EXPECT_EQ(rows->structured["more"], Json(true));
  const auto wide = Query(endless + "hex(zeroblob(3000)) FROM n", Json::Object({{"max_text", 10'000}}));
  EXPECT_LE(wide->text.size(), 10'200U);
  EXPECT_TRUE(Query("SELECT hex(zeroblob(9000000))")->is_error);
  EXPECT_LE(Query("SELECT hex(zeroblob(1000000))")->text.size(), 5'000U);
  const auto slow = Query(endless + "count(*) FROM n", Json::Object({{"seconds", 0.05}}));
  EXPECT_THAT(slow ? slow->text : slow.error().Message(), HasSubstr("took too long"));
  std::string deep = "1";
  for (int i = 0; i < 3'000; ++i) deep = "(" + deep + ")";
  static_cast<void>(Query("SELECT " + deep));
}

TEST_F(SqlTool, SettingsAreChecked) {
  const auto error = [&](Json with) { return bench_.Make("sql", std::move(with)).error().Message(); };
  EXPECT_THAT(error(Json::Object({{"database", bench_.folder() + "/none.db"}})), HasSubstr("with.database"));
  EXPECT_THAT(error(Json::Object({{"database", "postgresql://u:secret@h/d"}})), HasSubstr("PGPASSWORD"));
  EXPECT_FALSE(Files::Real().Stat(bench_.folder() + "/none.db").ok()) << "it is not made";
}

class PostgresSqlTool : public testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("ATELIER_POSTGRES");
    if (address == nullptr) GTEST_SKIP() << "ATELIER_POSTGRES is not set";
    tools_ = bench_.Make("sql", Json::Object({{"database", address}, {"max_rows", 60}})).value();
  }
  Result<ToolOutput> Query(std::string sql) { return bench_.Run(*tools_[1], Json::Object({{"sql", std::move(sql)}})); }
  ToolBench bench_;
  AgentTools tools_;
};

TEST_F(PostgresSqlTool, GivesRowsAndRefusesChanges) {
  const auto output =
      Query("SELECT 1 AS one, 2.5::float8 AS f, 'x' AS t, NULL AS n, 12345678901234567890.1::numeric AS d");
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_EQ(output->structured["rows"].Dump(), R"([[1,2.5,"x",null,"12345678901234567890.1"]])") << output->text;
  EXPECT_EQ(Query("SELECT * FROM generate_series(1, 1000000)")->structured["rows"].size(), 60);
  for (const char* sql : {"CREATE TABLE atelier_no(a int)", "SELECT 1; DROP TABLE x", "COMMIT",
                          "COPY (SELECT 1) TO '/tmp/x'", "SELECT set_config('transaction_read_only', 'off', false)",
                          "WITH x AS (INSERT INTO pg_temp.y VALUES (1) RETURNING 1) SELECT * FROM x", "VACUUM", ""}) {
    EXPECT_TRUE(Query(sql)->is_error) << sql;
  }
  EXPECT_TRUE(bench_.Run(*tools_[0], Json::Object({}))->structured.Has("rows"));
}

TEST_F(PostgresSqlTool, AValueOfAnySizeIsCutByTheServer) {
  // 25 rows of two values of 8 MiB each: held whole, a fetch alone would take 400 MiB.
  const auto used = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss >> 10;  // KiB -> MiB
  };
  const auto before = used();
  const auto large = Query(
      "SELECT n, repeat('ä', 4194304) AS t, convert_to(repeat('x', 8388608), 'UTF8') AS b FROM generate_series(1, 25) "
      "AS n");
  ASSERT_TRUE(large.ok() && !large->is_error) << (large.ok() ? large->text : large.error().Message());
  EXPECT_LT(used() - before, 64);
  const Json& row = large->structured["rows"][0];
  EXPECT_EQ(row[0], Json(1));
  EXPECT_TRUE(row[1].AsString().starts_with("ää")) << row[1].AsString().substr(0, 20);
  EXPECT_TRUE(row[1].AsString().ends_with("… [cut]"));
  EXPECT_LT(row[1].AsString().size(), 5'000u);
  EXPECT_TRUE(row[2].AsString().starts_with("\\x7878")) << row[2].AsString().substr(0, 20);
  EXPECT_LT(row[2].AsString().size(), 5'000u);
}

TEST_F(PostgresSqlTool, ValuesOfEveryKindStandAsTheServerWritesThem) {
  const auto output = Query(
      "SELECT 1 AS a, 2 AS a, true AS yes, DATE '2026-02-28' AS day, ARRAY[1, 2] AS list, '{\"k\": 1}'::jsonb AS j, "
      "ROW(1, 'x') AS r, '\\x00ff'::bytea AS b, 'NaN'::float8 AS f, INTERVAL '1 day' AS i -- a remark\n");
  ASSERT_TRUE(output.ok() && !output->is_error) << (output.ok() ? output->text : output.error().Message());
  EXPECT_EQ(output->structured["columns"].Dump(), R"(["a","a","yes","day","list","j","r","b","f","i"])");
  EXPECT_EQ(output->structured["rows"].Dump(),
            R"x([[1,2,"t","2026-02-28","{1,2}","{\"k\": 1}","(1,x)","\\x00ff","NaN","1 day"]])x");
  const auto ordered = Query("SELECT n FROM generate_series(1, 40) AS n ORDER BY n DESC");
  EXPECT_EQ(ordered->structured["rows"][0][0], Json(40));
  for (const char* sql : {"SELECT 1) AS x(c0) UNION (SELECT 2", "SELECT 1 /* ", "SELECT", "SELECT $1", "SELECT 'a"}) {
    EXPECT_TRUE(Query(sql)->is_error) << sql;
  }
}

TEST_F(PostgresSqlTool, AQueryThatTakesTooLongIsEnded) {
  const auto slow = bench_.Make("sql", Json::Object({{"database", std::getenv("ATELIER_POSTGRES")}, {"seconds", 0.2}}));
  const auto output = bench_.Run(*(*slow)[1], Json::Object({{"sql", "SELECT pg_sleep(60)"}}));
  EXPECT_TRUE(!output.ok() || output->is_error);
  const auto raised = bench_.Run(
      *(*slow)[1], Json::Object({{"sql",
                                  "SELECT set_config('statement_timeout', '0', false) FROM generate_series(1, 30) "
                                  "UNION ALL SELECT pg_sleep(60)::text"}}));
  EXPECT_TRUE(!raised.ok() || raised->is_error);
}

}  // namespace
}  // namespace atelier
