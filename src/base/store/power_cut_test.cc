// Databases on a file system whose power is cut at every change in turn.
#include <gtest/gtest.h>

#include "base/io/sim_files.h"
#include "base/store/database.h"
#include "base/store/files_vfs.h"

namespace atelier {
namespace {

constexpr std::string_view kTables[] = {"CREATE TABLE a(n INTEGER); CREATE TABLE b(n INTEGER, text TEXT);"};
constexpr int kRows = 12;

// Rows of two tables that belong together, one commit each. Returns how many were acknowledged.
int WriteRows(const FilesVfs& vfs) {
  auto database = Database::Open("/data/atelier.db", &vfs);
  if (!database.ok() || !(*database)->Migrate("test", kTables).ok()) return 0;
  for (int i = 0; i < kRows; ++i) {
    const auto change = [i](Db& db) -> Result<void> {
      TRY(Statement first, db.Prepare("INSERT INTO a VALUES (?)"));
      TRY_VOID(first.Run(i));
      TRY(Statement second, db.Prepare("INSERT INTO b VALUES (?, ?)"));
      return second.Run(i, std::string(900, 'x'));
    };
    if (!(*database)->Write(change).ok()) return i;
  }
  return kRows;
}

struct Left {
  int64_t in_a = 0, in_b = 0;
  bool whole = false;
};
Left LookAgain(const FilesVfs& vfs) {
  auto database = Database::Open("/data/atelier.db", &vfs);
  EXPECT_TRUE(database.ok()) << database.error().Message();
  EXPECT_TRUE((*database)->Migrate("test", kTables).ok());
  return (*database)->Read([](Db& db) {
    Left left;
    left.in_a = db.QueryInt("SELECT count(*) FROM a").value().value_or(-1);
    left.in_b = db.QueryInt("SELECT count(*) FROM b").value().value_or(-1);
    left.whole = CheckIntegrity(db).ok();
    return left;
  });
}

// The acknowledged rows of a life whose power goes with change `at`, and what was left; nothing where it never went.
std::optional<std::pair<int, Left>> CutAt(int64_t at, uint64_t seed, bool ignores_sync) {
  SimFiles files({.seed = seed, .ignores_sync = ignores_sync});
  CHECK(files.MakeFolders("/data").ok() && files.SyncFolder("/").ok());
  const FilesVfs vfs(files);
  files.CutPowerAfter(at);
  const int acknowledged = WriteRows(vfs);
  if (!files.power_is_off()) return std::nullopt;
  files.Restart();
  return std::pair(acknowledged, LookAgain(vfs));
}

TEST(PowerCut, AtEveryChangeLosesNothingAcknowledgedAndHalvesNothing) {
  int64_t num_cuts = 0;
  for (int64_t at = 1;; ++at) {
    for (uint64_t seed = 0; seed < 3; ++seed) {
      const auto cut = CutAt(at, 1000 * static_cast<uint64_t>(at) + seed, false);
      if (!cut) {
        EXPECT_GT(num_cuts, 100);
        return;
      }
      ++num_cuts;
      const auto& [acknowledged, left] = *cut;
      EXPECT_TRUE(left.whole) << "at " << at << " seed " << seed;
      EXPECT_EQ(left.in_a, left.in_b) << "at " << at;
      EXPECT_GE(left.in_a, acknowledged) << "at " << at << " seed " << seed;
      EXPECT_LE(left.in_a, acknowledged + 1) << "at " << at;
    }
  }
}

TEST(PowerCut, WithoutSyncItWouldShow) {
  // Whatever lies in the wreck: a database that does not open is a loss too.
  int num_lost = 0;
  for (int64_t at = 20; at < 200; at += 5) {
    SimFiles files({.seed = static_cast<uint64_t>(at), .ignores_sync = true});
    CHECK(files.MakeFolders("/data").ok());
    const FilesVfs vfs(files);
    files.CutPowerAfter(at);
    const int acknowledged = WriteRows(vfs);
    if (!files.power_is_off()) break;
    files.Restart();
    static_cast<void>(files.MakeFolders("/data"));
    const auto database = Database::Open("/data/atelier.db", &vfs);
    if (!database.ok()) {
      ++num_lost;
      continue;
    }
    const auto rows = (*database)->Read([](Db& db) { return db.QueryInt("SELECT count(*) FROM a"); });
    num_lost += acknowledged > 0 && (!rows.ok() || rows->value_or(0) < acknowledged) ? 1 : 0;
  }
  EXPECT_GT(num_lost, 0);
}

TEST(FilesVfs, ReadersSeeWhatIsCommittedAndWritersTakeTurns) {
  SimFiles files;
  CHECK(files.MakeFolders("/data").ok());
  const FilesVfs vfs(files);
  auto one = Db::Open("/data/x.db", {.busy_timeout_ms = 1, .vfs = &vfs});
  auto two = Db::Open("/data/x.db", {.busy_timeout_ms = 1, .vfs = &vfs});
  ASSERT_TRUE(one.ok() && two.ok());
  ASSERT_TRUE(one->Execute("CREATE TABLE t(n)").ok());
  ASSERT_TRUE(one->Execute("BEGIN IMMEDIATE").ok());
  ASSERT_TRUE(one->Execute("INSERT INTO t VALUES (1)").ok());
  EXPECT_EQ(two->QueryInt("SELECT count(*) FROM t").value(), 0);
  EXPECT_EQ(two->Execute("INSERT INTO t VALUES (2)").error().kind, ErrorKind::kUnavailable);
  ASSERT_TRUE(one->Execute("COMMIT").ok());
  EXPECT_EQ(two->QueryInt("SELECT count(*) FROM t").value(), 1);
  EXPECT_TRUE(two->Execute("INSERT INTO t VALUES (2)").ok());
  EXPECT_TRUE(two->Execute("PRAGMA wal_checkpoint(TRUNCATE)").ok());
  EXPECT_TRUE(CheckIntegrity(*one).ok());
}

TEST(FilesVfs, AFullDiskIsAnErrorAndNothingIsLost) {
  SimFiles files;
  CHECK(files.MakeFolders("/data").ok());
  const FilesVfs vfs(files);
  auto db = Db::Open("/data/x.db", {.vfs = &vfs});
  ASSERT_TRUE(db->Execute("CREATE TABLE t(n); INSERT INTO t VALUES (zeroblob(2000))").ok());
  files.SetCapacity(20'000);
  Result<void> full;
  for (int i = 0; i < 100 && full.ok(); ++i) full = db->Execute("INSERT INTO t VALUES (zeroblob(2000))");
  EXPECT_FALSE(full.ok());
  files.SetCapacity(1 << 30);
  EXPECT_TRUE(db->Execute("INSERT INTO t VALUES (1)").ok());
  EXPECT_TRUE(CheckIntegrity(*db).ok());
}

TEST(FilesVfs, FailedSyncsNeverAcknowledge) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimFiles files({.seed = seed});
    CHECK(files.MakeFolders("/data").ok() && files.SyncFolder("/").ok());
    const FilesVfs vfs(files);
    int64_t acknowledged = 0;
    {
      auto db = Db::Open("/data/x.db", {.vfs = &vfs});
      ASSERT_TRUE(db->Execute("CREATE TABLE t(n)").ok());
      files.SetFaults({.failed_sync = 0.3});
      for (int i = 0; i < 10; ++i) acknowledged += db->Execute("INSERT INTO t VALUES (1)").ok() ? 1 : 0;
      files.CutPowerAfter(1);
      static_cast<void>(db->Execute("INSERT INTO t VALUES (1)"));
    }
    files.SetFaults({});
    files.Restart();
    auto db = Db::Open("/data/x.db", {.vfs = &vfs});
    ASSERT_TRUE(db.ok());
    EXPECT_GE(db->QueryInt("SELECT count(*) FROM t").value().value_or(0), acknowledged) << "seed " << seed;
  }
}

}  // namespace
}  // namespace atelier
