// Readers beside a writer: in one process by a seed, in threads, and in two processes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/io/sim_files.h"
#include "knowledge/index/index_testing.h"

namespace atelier {
namespace {

const std::string kFolder = "/data/index";

IndexOptions SmallSteps() { return {.flush_bytes = 6000, .in_background = false}; }

std::unique_ptr<HybridIndex> FollowOrNull(Files& files, const std::string& folder) {
  auto index = HybridIndex::Follow(files, folder);
  EXPECT_TRUE(index.ok()) << index.error().Message();
  return index.ok() ? *std::move(index) : nullptr;
}

// A writer and a reader of one index that take turns as a seed says.
class Turns {
 public:
  Turns(uint64_t seed, bool is_faulty) : random_(seed, 3), is_faulty_(is_faulty), files_({.seed = seed}) {
    Reopen();
    reader_ = FollowOrNull(files_, kFolder);
  }

  // Empty, or what the reader has seen that was never acknowledged, or was older than what it had seen before.
  std::string Step() {
    const uint64_t kind = random_.Below(24);
    if (kind < 12) return Write(), "";
    if (kind == 12) return static_cast<void>(writer_->Flush().ok()), "";
    if (kind == 13) return static_cast<void>(writer_->Compact().ok()), "";
    if (kind == 14) return Reopen();
    if (kind == 15) reader_ = FollowOrNull(files_, kFolder);
    return Read();
  }

 private:
  void Write() {
    if (is_faulty_) files_.SetFaults({.short_write = 0.03, .failed_sync = 0.05});
    IndexBatch batch;
    for (uint64_t i = random_.Below(4); i > 0; --i) batch.put.push_back(RandomRecord(random_, RandomId(), ++version_));
    for (uint64_t i = random_.Below(3); i > 0; --i) batch.removed.push_back(RandomId());
    const auto applied = writer_->Apply(batch);
    files_.SetFaults({});
    if (applied.ok()) {
      history_.push_back(history_.back());
      history_.back().Apply(batch);
      pending_.clear();
    } else {
      pending_.push_back(std::move(batch));
    }
  }

  // Of the changes that failed since the last one that did not, one may be there again.
  std::string Reopen() {
    writer_.reset();
    writer_ = HybridIndex::Open(files_, kFolder, TestSchema(), SmallSteps()).value();
    if (history_.empty()) history_.emplace_back();
    for (size_t i = 0; !history_.back().Difference(*writer_).empty(); ++i) {
      if (i == pending_.size()) return "the writer has lost something";
      IndexModel with = history_.back();
      with.Apply(pending_[i]);
      if (with.Difference(*writer_).empty()) history_.push_back(std::move(with));
    }
    pending_.clear();
    return "";
  }

  std::string Read() {
    std::string difference;
    for (size_t i = history_.size(); i-- > seen_;) {
      difference = history_[i].Difference(*reader_);
      if (!difference.empty() && is_faulty_) continue;  // it may lag where COMMITTED could not be written
      if (difference.empty()) seen_ = i;
      return difference;
    }
    return "no state from the last seen one on: " + difference;
  }

  std::string RandomId() { return "r" + std::to_string(random_.Below(40)); }

  Random random_;
  const bool is_faulty_;
  SimFiles files_;
  std::unique_ptr<HybridIndex> writer_, reader_;
  std::vector<IndexModel> history_;
  std::vector<IndexBatch> pending_;
  size_t seen_ = 0;
  uint64_t version_ = 0;
};

TEST(FollowedIndex, AReaderSeesEveryCommitAsSoonAsItIsAcknowledged) {
  for (uint64_t seed = 0; seed < 15; ++seed) {
    Turns turns(seed, false);
    for (int step = 0; step < 150; ++step) ASSERT_EQ(turns.Step(), "") << "seed " << seed << ", step " << step;
  }
}

TEST(FollowedIndex, WhereWritesFailItSeesNothingThatWasNotCommittedAndNeverGoesBack) {
  for (uint64_t seed = 0; seed < 15; ++seed) {
    Turns turns(seed, true);
    for (int step = 0; step < 150; ++step) ASSERT_EQ(turns.Step(), "") << "seed " << seed << ", step " << step;
  }
}

std::string ContentOf(const HybridIndex& index) {
  std::string content;
  const auto records = index.Fingerprints();
  EXPECT_TRUE(records.ok()) << records.error().Message();
  for (const auto& [id, fingerprint] : *records) content += id + " " + std::to_string(fingerprint) + "\n";
  return content;
}

TEST(FollowedIndex, AfterAPowerCutItReadsWhatARecoveryWould) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SimFiles files({.seed = seed});
    Random random(seed, 4);
    auto writer = HybridIndex::Open(files, kFolder, TestSchema(), SmallSteps()).value();
    files.CutPowerAfter(1 + static_cast<int64_t>(random.Below(150)));
    for (uint64_t version = 0; !files.power_is_off(); ++version) {
      IndexBatch batch;
      batch.put.push_back(RandomRecord(random, "r" + std::to_string(random.Below(40)), version));
      static_cast<void>(writer->Apply(std::move(batch)).ok());
    }
    writer.reset();
    files.Restart();
    const auto reader = FollowOrNull(files, kFolder);
    const std::string before = ContentOf(*reader);
    writer = HybridIndex::Open(files, kFolder, TestSchema(), SmallSteps()).value();
    ASSERT_EQ(before, ContentOf(*writer)) << "seed " << seed;
    ASSERT_TRUE(writer->Apply({.removed = {}, .put = {RandomRecord(random, "new", 1)}}).ok());
    ASSERT_EQ(ContentOf(*reader), ContentOf(*writer)) << "seed " << seed;
  }
}

TEST(FollowedIndex, ItChangesNothing) {
  SimFiles files;
  Random random(1);
  auto writer = HybridIndex::Open(files, kFolder, TestSchema()).value();
  ASSERT_TRUE(writer->Apply({.removed = {}, .put = {RandomRecord(random, "a", 1)}}).ok());
  const int64_t before = files.num_changes();
  const auto reader = FollowOrNull(files, kFolder);
  EXPECT_EQ(reader->Count({}, {}).value(), 1);
  EXPECT_EQ(reader->Apply({.removed = {"a"}, .put = {}}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(reader->Compact().error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(reader->Verify().value().empty());
  EXPECT_EQ(files.num_changes(), before);
  EXPECT_EQ(HybridIndex::Follow(files, "/nowhere").error().kind, ErrorKind::kNotFound);
}

TEST(FollowedIndex, WhatIsGoneStaysAsItWasSeenLast) {
  SimFiles files;
  Random random(1);
  auto writer = HybridIndex::Open(files, kFolder, TestSchema()).value();
  ASSERT_TRUE(writer->Apply({.removed = {}, .put = {RandomRecord(random, "a", 1)}}).ok());
  ASSERT_TRUE(writer->Flush().ok());
  const auto reader = FollowOrNull(files, kFolder);
  writer.reset();
  ASSERT_TRUE(RemoveTree(files, kFolder).ok());
  EXPECT_EQ(reader->Get("a", {}).value()->payload.substr(0, 3), "v1:");
}

TEST(FollowedIndex, ASnapshotOfItIsWhatItSees) {
  SimFiles files;
  Random random(1);
  IndexModel model;
  auto writer = HybridIndex::Open(files, kFolder, TestSchema(), SmallSteps()).value();
  for (uint64_t i = 0; i < 60; ++i) {
    IndexBatch batch;
    batch.put.push_back(RandomRecord(random, "r" + std::to_string(random.Below(20)), i));
    model.Apply(batch);
    ASSERT_TRUE(writer->Apply(std::move(batch)).ok());
  }
  ASSERT_TRUE(FollowOrNull(files, kFolder)->Snapshot("/data/copy").ok());
  const auto copy = HybridIndex::OpenExisting(files, "/data/copy").value();
  EXPECT_EQ(model.Difference(*copy), "");
  EXPECT_TRUE(copy->Problems().value().empty());
}

TEST(FollowedIndex, DamageIsToldAndSetsNothingAside) {
  SimFiles files;
  Random random(1);
  auto writer = HybridIndex::Open(files, kFolder, TestSchema()).value();
  ASSERT_TRUE(writer->Apply({.removed = {}, .put = {RandomRecord(random, "a", 1)}}).ok());
  ASSERT_TRUE(writer->Flush().ok());
  ASSERT_TRUE(writer->Apply({.removed = {}, .put = {RandomRecord(random, "b", 1)}}).ok());
  ASSERT_TRUE(writer->Apply({.removed = {}, .put = {RandomRecord(random, "c", 1)}}).ok());
  const auto reader = FollowOrNull(files, kFolder);
  std::string segment, log;
  const std::vector<std::string> names = files.List(kFolder).value();
  for (const std::string& name : names) {
    if (name.starts_with("seg-")) segment = name;
    if (name.starts_with("log-")) log = name;
  }
  files.FlipBit(kFolder + "/" + segment, 200, 3);
  files.FlipBit(kFolder + "/" + log, 100, 3);
  // What it has open is in its memory; a log is read from the file again.
  const auto found = reader->Verify().value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].file, log);
  const auto late = FollowOrNull(files, kFolder);
  EXPECT_FALSE(late->Get("a", {}).value().has_value());
  EXPECT_FALSE(late->Get("b", {}).value().has_value());
  EXPECT_TRUE(late->Get("c", {}).value().has_value());
  const auto problems = late->Verify().value();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].file, segment);
  EXPECT_EQ(problems[1].file, log);
  EXPECT_TRUE(FileExists(files, kFolder + "/" + segment)) << "setting aside is the writer's";
}

// All records of a commit say its number.
IndexBatch NumberedBatch(uint64_t number) {
  Random random(5, number);
  IndexBatch batch;
  for (int i = 0; i < 3; ++i) batch.put.push_back(RandomRecord(random, "r" + std::to_string(i), number));
  batch.put.push_back(RandomRecord(random, "old" + std::to_string(number % 50), number));
  return batch;
}

// The number that all three say; none if they differ.
std::optional<uint64_t> NumberSeen(const HybridIndex& index) {
  std::optional<uint64_t> number;
  // One read is of one commit; three are not.
  uint64_t count = 0;
  EXPECT_TRUE(index
                  .Export([&](const Json& record) -> Result<void> {
                    if (record["id"].AsString()[0] != 'r') return {};
                    const uint64_t said = std::strtoull(record["payload"].AsString().c_str() + 1, nullptr, 10);
                    if (count++ > 0 && said != number) return Error::Corrupt("", "two commits in one");
                    number = said;
                    return {};
                  })
                  .ok());
  return count == 3 || count == 0 ? std::optional(number.value_or(0)) : std::nullopt;
}

std::string NewFolder() {
  std::string folder = testing::TempDir() + "atelier_follow_XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

TEST(FollowedIndex, ThreadsThatFollowNeverGoBack) {
  const std::string folder = NewFolder();
  Files& files = Files::Real();
  auto writer = HybridIndex::Open(files, folder, TestSchema(), {.flush_bytes = 8000}).value();
  ASSERT_TRUE(writer->Apply(NumberedBatch(1)).ok());
  std::atomic<uint64_t> acknowledged = 1;
  std::atomic<bool> is_done = false;
  std::atomic<int> num_wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      auto reader = FollowOrNull(files, folder);
      uint64_t last = 0;
      for (uint64_t turn = 1; !is_done; ++turn) {
        if (i == 0 && turn % 16 == 0) reader = FollowOrNull(files, folder);
        const uint64_t floor = std::max(last, acknowledged.load());
        const auto seen = NumberSeen(*reader);
        num_wrong += seen && *seen >= floor ? 0 : 1;
        last = seen.value_or(last);
      }
    });
  }
  for (uint64_t number = 2; number <= 300; ++number) {
    EXPECT_TRUE(writer->Apply(NumberedBatch(number)).ok());
    acknowledged = number;
    if (number % 40 == 0) {
      EXPECT_TRUE(writer->Compact().ok());
    }
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(num_wrong, 0);
  writer.reset();
  EXPECT_TRUE(RemoveTree(files, folder).ok());
}

// Not a test: the other process. It tells on file descriptor 3 each commit that was acknowledged.
TEST(FollowedIndex, DISABLED_Writer) {
  const char* folder = std::getenv("ATELIER_FOLLOW_FOLDER");
  ASSERT_NE(folder, nullptr);
  auto index = HybridIndex::Open(Files::Real(), folder, TestSchema(), {.flush_bytes = 8000}).value();
  for (uint64_t number = NumberSeen(*index).value() + 1;; ++number) {
    ASSERT_TRUE(index->Apply(NumberedBatch(number)).ok());
    ASSERT_EQ(write(3, &number, sizeof(number)), static_cast<ssize_t>(sizeof(number)));
    if (number % 30 == 0) {
      ASSERT_TRUE(index->Compact().ok());
    }
  }
}

// A process that writes until it is killed.
class OtherWriter {
 public:
  explicit OtherWriter(const std::string& folder) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], 3);
      setenv("ATELIER_FOLLOW_FOLDER", folder.c_str(), 1);
      execl("/proc/self/exe", "writer", "--gtest_also_run_disabled_tests",
            "--gtest_filter=FollowedIndex.DISABLED_Writer", "--gtest_brief=1", static_cast<char*>(nullptr));
      _exit(1);
    }
    close(ends[1]);
    acknowledged_ = ends[0];
  }
  ~OtherWriter() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    close(acknowledged_);
  }
  OtherWriter(const OtherWriter&) = delete;
  OtherWriter& operator=(const OtherWriter&) = delete;

  // The next number that is acknowledged; 0 if the process has ended.
  uint64_t Next() const {
    uint64_t number = 0;
    return read(acknowledged_, &number, sizeof(number)) == static_cast<ssize_t>(sizeof(number)) ? number : 0;
  }

 private:
  pid_t process_ = -1;
  int acknowledged_ = -1;
};

TEST(FollowedIndex, AnotherProcessIsFollowedWhereverItIsKilled) {
  const std::string folder = NewFolder();
  std::unique_ptr<HybridIndex> reader;
  uint64_t last = 0;
  for (int life = 0; life < 3; ++life) {
    const OtherWriter writer(folder);
    for (int i = 0; i < 60; ++i) {
      const uint64_t acknowledged = writer.Next();
      ASSERT_GT(acknowledged, 0u) << "the writer ended by itself";
      if (reader == nullptr || i == 30) reader = FollowOrNull(Files::Real(), folder);
      const auto seen = NumberSeen(*reader);
      ASSERT_TRUE(seen.has_value());
      ASSERT_GE(*seen, std::max(acknowledged, last));
      last = *seen;
    }
  }
  IndexModel model;
  const uint64_t seen = NumberSeen(*reader).value();
  for (uint64_t number = 1; number <= seen; ++number) model.Apply(NumberedBatch(number));
  EXPECT_EQ(model.Difference(*reader), "");
  EXPECT_TRUE(RemoveTree(Files::Real(), folder).ok());
}

}  // namespace
}  // namespace atelier
