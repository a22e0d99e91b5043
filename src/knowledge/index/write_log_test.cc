#include "knowledge/index/write_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint64_t kIdentity = 0x1234'5678'9ABC'DEF0;

class WriteLogTest : public testing::Test {
 protected:
  WriteLogTest() {
    EXPECT_TRUE(files_.MakeFolders("/x").ok());
    EXPECT_TRUE(files_.SyncFolder("/").ok());
  }

  WriteLog NewLog() { return WriteLog(files_, "/x", kIdentity, 1); }
  LogReplay Replay() {
    read_.clear();
    return ReplayLogs(files_, "/x", kIdentity, 1,
                      [this](std::string_view payload) -> Result<void> {
                        read_.emplace_back(payload);
                        return {};
                      })
        .value();
  }
  std::string Content(uint64_t number) { return ReadWholeFile(files_, "/x/" + LogFileName(number), 1 << 20).value(); }

  SimFiles files_;
  std::vector<std::string> read_;
};

TEST_F(WriteLogTest, WhatWasAppendedIsReadInOrder) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("one").ok());
  ASSERT_TRUE(log.Append("").ok());
  log.Rotate();
  ASSERT_TRUE(log.Append(std::string(5000, 'x')).ok());
  EXPECT_EQ(Replay().num_frames, 3);
  EXPECT_THAT(read_, ElementsAre("one", "", std::string(5000, 'x')));
}

TEST_F(WriteLogTest, ATailTornAnywhereIsCutAndTheLogGoesOn) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  const int64_t good = log.bytes();
  ASSERT_TRUE(log.Append("second and longer").ok());
  const std::string whole = Content(1);
  for (size_t size = static_cast<size_t>(good); size < whole.size() - 7; ++size) {
    auto file = files_.Open("/x/" + LogFileName(1), FileMode::kReplace).value();
    ASSERT_TRUE(file->WriteAt(0, std::as_bytes(std::span(whole).first(size))).ok());
    const LogReplay replay = Replay();
    EXPECT_THAT(read_, ElementsAre("first")) << size;
    EXPECT_THAT(replay.damage, IsEmpty());
    WriteLog again = NewLog();
    ASSERT_TRUE(again.ContinueAfter(replay).ok());
    ASSERT_TRUE(again.Append("third").ok());
    EXPECT_THAT(Replay().damage, IsEmpty());
    EXPECT_THAT(read_, ElementsAre("first", "third"));
  }
}

TEST_F(WriteLogTest, EveryFlippedBitBeforeTheTailIsToldAndTheRestIsRead) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  const int64_t second = log.bytes();
  ASSERT_TRUE(log.Append("second").ok());
  const int64_t third = log.bytes();
  ASSERT_TRUE(log.Append("third").ok());
  for (int64_t byte = second; byte < second + 24 + 6; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      files_.FlipBit("/x/" + LogFileName(1), byte, bit);
      const LogReplay replay = Replay();
      EXPECT_THAT(read_, ElementsAre("first", "third")) << byte << ' ' << bit;
      EXPECT_THAT(replay.damage, SizeIs(1));
      files_.FlipBit("/x/" + LogFileName(1), byte, bit);
    }
  }
  EXPECT_GT(third, second);
}

TEST_F(WriteLogTest, ADamagedHeadIsToldAndItsFramesAreRead) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  files_.FlipBit("/x/" + LogFileName(1), 20, 3);
  EXPECT_THAT(Replay().damage, SizeIs(1));
  EXPECT_THAT(read_, ElementsAre("first"));
}

TEST_F(WriteLogTest, DamageAtTheEndOfAFileThatAnotherFollowsIsNoTornTail) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  const int64_t second = log.bytes();
  ASSERT_TRUE(log.Append("second").ok());
  log.Rotate();
  ASSERT_TRUE(log.Append("third").ok());
  files_.FlipBit("/x/" + LogFileName(1), second + 26, 0);
  EXPECT_THAT(Replay().damage, SizeIs(1));
  EXPECT_THAT(read_, ElementsAre("first", "third"));
}

TEST_F(WriteLogTest, AFileThatIsGoneIsTold) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  log.Rotate();
  ASSERT_TRUE(log.Append("second").ok());
  ASSERT_TRUE(files_.Remove("/x/" + LogFileName(1)).ok());
  EXPECT_THAT(Replay().damage, SizeIs(1));
  EXPECT_THAT(read_, ElementsAre("second"));
}

TEST_F(WriteLogTest, WhatFailedToBeSyncedNeverComesBack) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  files_.SetFaults({.failed_sync = 1});
  EXPECT_FALSE(log.Append("never").ok());
  EXPECT_FALSE(log.Append("never again").ok());
  files_.SetFaults({});
  ASSERT_TRUE(log.Append("last").ok());
  EXPECT_THAT(Replay().damage, IsEmpty());
  EXPECT_THAT(read_, ElementsAre("first", "last"));
  files_.Restart();
  Replay();
  EXPECT_THAT(read_, ElementsAre("first", "last"));
}

TEST_F(WriteLogTest, AFrameOfAnotherIndexWithinAPayloadIsNone) {
  WriteLog log = NewLog();
  ASSERT_TRUE(log.Append("first").ok());
  const std::string frame = Content(1).substr(48);
  WriteLog other(files_, "/x", kIdentity + 1, 1);
  ASSERT_TRUE(files_.Remove("/x/" + LogFileName(1)).ok());
  ASSERT_TRUE(other.Append(frame).ok());
  files_.FlipBit("/x/" + LogFileName(1), 48 + 16, 0);
  const auto replay =
      ReplayLogs(files_, "/x", kIdentity + 1, 1, [](std::string_view) { return Result<void>(); }).value();
  EXPECT_EQ(replay.num_frames, 0);
}

}  // namespace
}  // namespace atelier
