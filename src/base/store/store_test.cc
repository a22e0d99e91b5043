#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "base/store/database.h"
#include "base/store/db.h"
#include "base/store/writer.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE note(id INTEGER PRIMARY KEY, title TEXT NOT NULL, body BLOB)",
    "ALTER TABLE note ADD COLUMN score REAL; CREATE TABLE tag(note_id INTEGER NOT NULL REFERENCES note(id), word TEXT)",
};

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    folder_ = std::filesystem::temp_directory_path() / ("atelier-store-" + std::to_string(getpid()) + "-" +
                                                        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "test.db").string(); }
  Db OpenMigrated(DbOptions options = {}) {
    Result<Db> db = Db::Open(path(), options);
    CHECK(db.ok());
    const Result<void> migrated = Migrate(*db, kMigrations);
    CHECK_MSG(migrated.ok(), migrated.ok() ? "" : migrated.error().Message());
    return std::move(*db);
  }

  std::filesystem::path folder_;
};

TEST_F(StoreTest, EveryTypeOfValueComesBackAsItWas) {
  Db db = OpenMigrated();
  const std::byte blob[] = {std::byte{0}, std::byte{255}, std::byte{7}};
  auto insert = db.Prepare("INSERT INTO note(id, title, body, score) VALUES (?, ?, ?, ?)");
  ASSERT_TRUE(insert);
  const std::string title("a\0b\xc3\xa9", 5);
  ASSERT_TRUE(insert->Run(INT64_MIN, title, std::span<const std::byte>(blob), 0.1));
  ASSERT_TRUE(insert->Run(2, "", std::nullopt, std::optional<double>()));
  auto select = db.Prepare("SELECT id, title, body, score FROM note ORDER BY id");
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Int(0), INT64_MIN);
  EXPECT_EQ(select->Text(1), title);
  EXPECT_TRUE(std::ranges::equal(select->Blob(2), blob));
  EXPECT_EQ(select->Double(3), 0.1);
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Text(1), "");
  EXPECT_FALSE(select->IsNull(1));
  EXPECT_TRUE(select->IsNull(2));
  EXPECT_TRUE(select->IsNull(3));
  EXPECT_FALSE(*select->Step());
}

TEST_F(StoreTest, ErrorsSayWhichFileAndWhatAndOfWhichKind) {
  Db db = OpenMigrated();
  const auto bad = db.Execute("SELEKT 1");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, ErrorKind::kInternal);
  EXPECT_NE(bad.error().Message().find("test.db"), std::string::npos);
  const auto orphan = db.Execute("INSERT INTO tag VALUES (99, 'x')");
  ASSERT_FALSE(orphan);
  EXPECT_EQ(orphan.error().kind, ErrorKind::kConflict);
  const auto nowhere = Db::Open((folder_ / "no" / "such.db").string());
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kUnavailable);
  std::ofstream(folder_ / "text.db") << std::string(5000, 'x');
  const auto text = Db::Open((folder_ / "text.db").string());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kCorrupt);
}

TEST_F(StoreTest, MigrationsRunOnceInOrderAndRefuseNewerFiles) {
  {
    auto db = Db::Open(path());
    ASSERT_TRUE(Migrate(*db, std::span(kMigrations).first(1)));
    ASSERT_TRUE(db->Execute("INSERT INTO note(title) VALUES ('kept')"));
  }
  Db db = OpenMigrated();
  EXPECT_EQ(**db.QueryInt("SELECT count(*) FROM note"), 1);
  EXPECT_EQ(**db.QueryInt("PRAGMA user_version"), 2);
  EXPECT_TRUE(Migrate(db, kMigrations));
  const auto newer = Migrate(db, std::span(kMigrations).first(1));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().kind, ErrorKind::kUnsupported);
}

TEST_F(StoreTest, AFailedMigrationLeavesTheFileAsItWas) {
  Db db = OpenMigrated();
  const std::string_view broken[] = {kMigrations[0], kMigrations[1], "CREATE TABLE extra(x); SELEKT"};
  EXPECT_FALSE(Migrate(db, broken));
  EXPECT_EQ(**db.QueryInt("PRAGMA user_version"), 2);
  EXPECT_FALSE(db.Execute("SELECT * FROM extra"));
}

TEST_F(StoreTest, ATransactionNotCommittedIsUndone) {
  Db db = OpenMigrated();
  {
    auto transaction = Transaction::Begin(db);
    ASSERT_TRUE(db.Execute("INSERT INTO note(title) VALUES ('gone')"));
  }
  EXPECT_EQ(**db.QueryInt("SELECT count(*) FROM note"), 0);
}

TEST_F(StoreTest, ReadersSeeWhatIsCommittedAndCannotWrite) {
  Db db = OpenMigrated();
  auto reader = Db::Open(path(), {.read_only = true});
  ASSERT_TRUE(reader);
  auto transaction = Transaction::Begin(db);
  ASSERT_TRUE(db.Execute("INSERT INTO note(title) VALUES ('new')"));
  EXPECT_EQ(**reader->QueryInt("SELECT count(*) FROM note"), 0);
  ASSERT_TRUE(transaction->Commit());
  EXPECT_EQ(**reader->QueryInt("SELECT count(*) FROM note"), 1);
  EXPECT_FALSE(reader->Execute("DELETE FROM note"));
}

Writer::Change Insert(std::string title) {
  return [title = std::move(title)](Db& db) -> Result<void> {
    TRY(Statement insert, db.Prepare("INSERT INTO note(title) VALUES (?)"));
    return insert.Run(title);
  };
}

TEST_F(StoreTest, ABurstIsCommittedInFewGroupsAndAllOfItAcknowledged) {
  std::atomic<int> acknowledged = 0;
  {
    Writer writer(OpenMigrated());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&writer, &acknowledged, t] {
        for (int i = 0; i < 500; ++i) {
          writer.Submit(Insert(std::to_string(t * 1000 + i)),
                        [&acknowledged](Result<void> done) { acknowledged += done.ok(); });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(writer.Flush());
    EXPECT_EQ(acknowledged, 2000);
    EXPECT_LT(writer.num_commits(), 1000);
  }
  Db db = OpenMigrated();
  EXPECT_EQ(**db.QueryInt("SELECT count(DISTINCT title) FROM note"), 2000);
}

TEST_F(StoreTest, AChangeThatFailsIsUndoneAloneInItsGroup) {
  Writer writer(OpenMigrated(), {.max_delay = std::chrono::milliseconds(50)});
  auto first = writer.Submit(Insert("first"));
  auto half = writer.Submit([](Db& db) -> Result<void> {
    TRY_VOID(db.Execute("INSERT INTO note(title) VALUES ('half')"));
    return Error::Invalid("half", "got a change of mind");
  });
  auto last = writer.Submit(Insert("last"));
  EXPECT_TRUE(first.get());
  EXPECT_FALSE(half.get());
  EXPECT_TRUE(last.get());
  EXPECT_EQ(writer.num_commits(), 1);
  auto reader = Db::Open(path(), {.read_only = true});
  EXPECT_EQ(**reader->QueryText("SELECT group_concat(title, ',') FROM (SELECT title FROM note ORDER BY id)"),
            "first,last");
}

TEST_F(StoreTest, AFullQueueAnswersAtOnce) {
  Writer writer(OpenMigrated(), {.max_queued = 2});
  std::atomic<bool> go = false;
  auto blocker = writer.Submit([&go](Db&) -> Result<void> {
    while (!go) std::this_thread::yield();
    return {};
  });
  std::vector<std::future<Result<void>>> waiting;
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    auto future = writer.Submit(Insert("x"));
    if (future.wait_for(std::chrono::seconds(0)) == std::future_status::ready && !future.get()) {
      ++refused;
    } else {
      waiting.push_back(std::move(future));
    }
  }
  go = true;
  EXPECT_GE(refused, 7);
  EXPECT_TRUE(blocker.get());
}

// The child writes and reports each acknowledged id through a pipe until it is killed; the parent then
// finds every reported id in the file.
TEST_F(StoreTest, WhatWasAcknowledgedSurvivesKill9) {
  const uint64_t seed = static_cast<uint64_t>(getpid());
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  int64_t total = 0;
  for (int round = 0; round < 5; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      Writer writer(OpenMigrated());
      for (int64_t i = 0;; ++i) {
        const int64_t id = round * 1'000'000 + i + 1;
        writer.Submit(
            [id](Db& db) -> Result<void> {
              return db.Execute("INSERT INTO note(id, title) VALUES (" + std::to_string(id) + ", 'x')");
            },
            [id, fd = pipe_fds[1]](Result<void> done) {
              if (done.ok()) (void)!write(fd, &id, sizeof id);
            });
        if (i % 64 == 63) (void)writer.Flush();
      }
    }
    close(pipe_fds[1]);
    std::vector<int64_t> acknowledged;
    const size_t enough = 100 + random.Below(400);
    int64_t id = 0;
    while (acknowledged.size() < enough && read(pipe_fds[0], &id, sizeof id) == sizeof id) acknowledged.push_back(id);
    kill(child, SIGKILL);
    while (read(pipe_fds[0], &id, sizeof id) == sizeof id) acknowledged.push_back(id);
    close(pipe_fds[0]);
    waitpid(child, nullptr, 0);
    ASSERT_GE(acknowledged.size(), enough);
    Db db = OpenMigrated();
    EXPECT_TRUE(CheckIntegrity(db));
    auto find = db.Prepare("SELECT 1 FROM note WHERE id = ?");
    for (const int64_t wanted : acknowledged) {
      find->BindAll(wanted);
      ASSERT_TRUE(*find->Step()) << wanted << " seed " << seed;
      find->Reset();
    }
    total += static_cast<int64_t>(acknowledged.size());
  }
  EXPECT_GE(total, 500);
}

TEST_F(StoreTest, StoresOfOneFileCountTheirMigrationsApart) {
  constexpr std::string_view kFirst[] = {"CREATE TABLE a(x INTEGER)", "ALTER TABLE a ADD COLUMN y INTEGER"};
  constexpr std::string_view kSecond[] = {"CREATE TABLE b(x INTEGER)"};
  for (int round = 0; round < 2; ++round) {
    auto database = Database::Open(path());
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->Migrate("first", std::span(kFirst, 1)).ok() || round == 1);
    ASSERT_TRUE((*database)->Migrate("second", kSecond).ok());
    ASSERT_TRUE((*database)->Migrate("first", kFirst).ok());
    EXPECT_FALSE((*database)->Migrate("first", std::span(kFirst, 1)).ok());  // an older program
    ASSERT_TRUE((*database)->Write([](Db& db) { return db.Execute("INSERT INTO a VALUES (1, 2)"); }).ok());
    const auto num_rows = (*database)->Read([](Db& db) { return db.QueryInt("SELECT count(*) FROM a"); });
    EXPECT_EQ(**num_rows, round + 1);
  }
}

TEST(Statements, OfATextThatWasPreparedBeforeBeginAsNewOnes) {
  auto db = std::move(Db::Open(":memory:").value());
  ASSERT_TRUE(db.Execute("CREATE TABLE note(title TEXT)").ok());
  const std::string_view insert = "INSERT INTO note(title) VALUES (?)",
                         select = "SELECT title FROM note ORDER BY rowid";
  ASSERT_TRUE(db.Prepare(insert)->Run("a").ok());
  auto unbound = db.Prepare(insert);
  ASSERT_TRUE(unbound->Step().ok()) << "what was bound before is not bound now";
  {
    auto first = db.Prepare(select), second = db.Prepare(select);
    ASSERT_TRUE(*first->Step());
    ASSERT_TRUE(*second->Step());
    EXPECT_EQ(first->Text(0), "a") << "two of one text are two";
    ASSERT_TRUE(*first->Step());
    EXPECT_TRUE(first->IsNull(0));
    EXPECT_EQ(second->Text(0), "a");
  }
  ASSERT_TRUE(
      db.Execute("ALTER TABLE note RENAME COLUMN title TO name; ALTER TABLE note ADD COLUMN title TEXT DEFAULT 'b'")
          .ok());
  auto changed = db.Prepare(select);
  ASSERT_TRUE(*changed->Step()) << "one left in the middle begins anew";
  EXPECT_EQ(changed->Text(0), "b") << "the schema is the one there is now";
}

}  // namespace
}  // namespace atelier
