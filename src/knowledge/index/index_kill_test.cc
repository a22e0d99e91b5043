// kill -9 of a process that writes, at random moments. ATELIER_KILLS sets how many (default 10).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "base/io/files.h"
#include "knowledge/index/index_testing.h"

namespace atelier {
namespace {

// The batch of a number is always the same, so that two processes agree about what was written.
IndexBatch BatchOf(uint64_t number) {
  Random random(77, number);
  const auto id = [&random] { return "r" + std::to_string(random.Below(60)); };
  IndexBatch batch;
  for (uint64_t i = 1 + random.Below(4); i > 0; --i) batch.put.push_back(RandomRecord(random, id(), number * 8 + i));
  for (uint64_t i = random.Below(3); i > 0; --i) batch.removed.push_back(id());
  return batch;
}

IndexOptions SmallSteps() { return {.flush_bytes = 10'000}; }

int64_t NumberOf(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

// Not a test: what the process does that is killed. It tells on file descriptor 3 each batch that was acknowledged.
TEST(IndexKill, DISABLED_Victim) {
  const char* folder = std::getenv("ATELIER_KILL_FOLDER");
  ASSERT_NE(folder, nullptr);
  auto index = HybridIndex::Open(Files::Real(), folder, TestSchema(), SmallSteps()).value();
  for (uint64_t number = static_cast<uint64_t>(NumberOf("ATELIER_KILL_FROM", 0));; ++number) {
    ASSERT_TRUE(index->Apply(BatchOf(number)).ok());
    ASSERT_EQ(write(3, &number, sizeof(number)), static_cast<ssize_t>(sizeof(number)));
    if (number % 37 == 36) {
      ASSERT_TRUE(index->Compact().ok());
    }
  }
}

// Starts the victim, kills it some time after its first acknowledgement; returns the number after the last one.
uint64_t KillOnce(const std::string& folder, uint64_t from, Random& random) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t victim = fork();
  if (victim == 0) {
    dup2(ends[1], 3);
    setenv("ATELIER_KILL_FOLDER", folder.c_str(), 1);
    setenv("ATELIER_KILL_FROM", std::to_string(from).c_str(), 1);
    execl("/proc/self/exe", "victim", "--gtest_also_run_disabled_tests", "--gtest_filter=IndexKill.DISABLED_Victim",
          "--gtest_brief=1", static_cast<char*>(nullptr));
    _exit(1);
  }
  close(ends[1]);
  uint64_t next = from, number = 0;
  const auto read_one = [&] {
    if (read(ends[0], &number, sizeof(number)) != static_cast<ssize_t>(sizeof(number))) return false;
    next = number + 1;
    return true;
  };
  EXPECT_TRUE(read_one()) << "the victim ended by itself";
  usleep(static_cast<useconds_t>(random.Below(20'000)));
  kill(victim, SIGKILL);
  while (read_one()) {
  }
  close(ends[0]);
  waitpid(victim, nullptr, 0);
  return next;
}

TEST(IndexKill, KilledAtAnyMomentItLosesNothingThatWasAcknowledged) {
  std::string folder = testing::TempDir() + "atelier_kill_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Random random(5);
  IndexModel model;
  uint64_t next = 0;
  for (int64_t round = 0; round < NumberOf("ATELIER_KILLS", 10); ++round) {
    const uint64_t acknowledged = KillOnce(folder, next, random);
    for (; next < acknowledged; ++next) model.Apply(BatchOf(next));
    auto index = HybridIndex::Open(Files::Real(), folder, TestSchema(), SmallSteps());
    ASSERT_TRUE(index.ok()) << index.error().Message();
    ASSERT_TRUE((*index)->Problems().value().empty());
    if (model.Difference(**index).empty()) continue;
    // The batch that was not acknowledged may be there too, as a whole.
    model.Apply(BatchOf(next++));
    ASSERT_EQ(model.Difference(**index), "") << "kill " << round << ", batch " << next;
  }
  EXPECT_TRUE(RemoveTree(Files::Real(), folder).ok());
}

}  // namespace
}  // namespace atelier
