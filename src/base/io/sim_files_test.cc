#include "base/io/sim_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/io/crc32c.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Crc32c, IsTheOneOfTheRfc) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
}

TEST(Crc32c, ByInstructionInPiecesAndByDefinitionAreOne) {
  Random random(7);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += static_cast<char>(random.Below(256));
    const size_t cut = random.Below(text.size() + 1);
    const uint32_t want = internal::PlainCrc32c(Bytes(text), 0);
    EXPECT_EQ(Crc32c(text), want);
    EXPECT_EQ(Crc32c(std::string_view(text).substr(cut), Crc32c(std::string_view(text).substr(0, cut))), want);
  }
}

TEST(SimFiles, WhatWasSyncedSurvivesAndNothingElseIsPromised) {
  int kept = 0, lost = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SimFiles files({.seed = seed});
    ASSERT_TRUE(WriteAtomically(files, "/a", std::string(2000, 'x')).ok());
    {
      auto file = files.Open("/a", FileMode::kUpdate).value();
      ASSERT_TRUE(file->WriteAt(2000, Bytes(std::string(2000, 'y'))).ok());
    }
    files.Restart();
    const std::string content = ReadWholeFile(files, "/a", 10'000).value();
    EXPECT_EQ(content.substr(0, 2000), std::string(2000, 'x'));
    (content == std::string(2000, 'x') + std::string(2000, 'y') ? kept : lost)++;
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(lost, 0);
}

TEST(SimFiles, ANameIsDurableOnlyAfterItsFolderIsSynced) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimFiles files({.seed = seed});
    ASSERT_TRUE(files.MakeFolders("/d").ok());
    ASSERT_TRUE(files.SyncFolder("/").ok());
    ASSERT_TRUE(files.Open("/d/a", FileMode::kUpdate).value()->Sync().ok());
    files.Restart();
    lost |= !FileExists(files, "/d/a");
    ASSERT_TRUE(files.Open("/d/a", FileMode::kUpdate).ok());
    ASSERT_TRUE(files.SyncFolder("/d").ok());
    files.Restart();
    EXPECT_TRUE(FileExists(files, "/d/a"));
  }
  EXPECT_TRUE(lost);
}

TEST(SimFiles, WriteAtomicallyLeavesTheOldOrTheNewContentWhereverThePowerGoes) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    for (int64_t at = 1; at < 7; ++at) {
      SimFiles files({.seed = seed});
      ASSERT_TRUE(WriteAtomically(files, "/a", "old").ok());
      files.CutPowerAfter(at);
      const bool done = WriteAtomically(files, "/a", std::string(3000, 'n')).ok();
      files.Restart();
      const std::string content = ReadWholeFile(files, "/a", 10'000).value();
      EXPECT_TRUE((content == "old" && !done) || content == std::string(3000, 'n')) << seed << ' ' << at;
    }
  }
}

TEST(SimFiles, AProgramWithoutSyncLosesWhatItWrote) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimFiles files({.seed = seed, .ignores_sync = true});
    ASSERT_TRUE(WriteAtomically(files, "/a", "text").ok());
    files.Restart();
    lost |= ReadWholeFile(files, "/a", 100).ok() ? ReadWholeFile(files, "/a", 100).value() != "text" : true;
  }
  EXPECT_TRUE(lost);
}

TEST(SimFiles, AFullDiskWritesWhatFits) {
  SimFiles files({.capacity_bytes = 10});
  auto file = files.Open("/a", FileMode::kUpdate).value();
  EXPECT_EQ(file->WriteAt(0, Bytes("0123456789ab")).error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(ReadWholeFile(files, "/a", 100).value(), "0123456789");
  EXPECT_TRUE(file->WriteAt(2, Bytes("xy")).ok());
}

TEST(SimFiles, AFailedSyncMayLoseWhatALaterOneSeemsToSave) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimFiles files({.seed = seed});
    ASSERT_TRUE(WriteAtomically(files, "/a", "").ok());
    auto file = files.Open("/a", FileMode::kUpdate).value();
    ASSERT_TRUE(file->WriteAt(0, Bytes("text")).ok());
    files.SetFaults({.failed_sync = 1});
    EXPECT_FALSE(file->Sync().ok());
    files.SetFaults({});
    ASSERT_TRUE(file->Sync().ok());
    EXPECT_EQ(ReadWholeFile(files, "/a", 100).value(), "text");
    files.Restart();
    lost |= ReadWholeFile(files, "/a", 100).value() != "text";
  }
  EXPECT_TRUE(lost);
}

TEST(SimFiles, AfterThePowerWentNothingAnswersUntilItIsBack) {
  SimFiles files;
  auto file = files.Open("/a", FileMode::kUpdate).value();
  auto held = files.Lock("/lock").value();
  files.CutPowerAfter(1);
  EXPECT_THAT(file->WriteAt(0, Bytes("x")).error().what, HasSubstr("power"));
  EXPECT_TRUE(files.power_is_off());
  EXPECT_FALSE(files.List("/").ok());
  files.Restart();
  EXPECT_FALSE(file->Size().ok());
  EXPECT_TRUE(files.Lock("/lock").ok());
}

TEST(SimFiles, NamesLinksAndLocksAreAsOnARealOne) {
  SimFiles files;
  ASSERT_TRUE(files.MakeFolders("/a/b").ok());
  ASSERT_TRUE(WriteAtomically(files, "/a/b/f", "text").ok());
  ASSERT_TRUE(files.Link("/a/b/f", "/a/g").ok());
  EXPECT_EQ(files.Link("/a/b/f", "/a/g").error().kind, ErrorKind::kConflict);
  EXPECT_EQ(files.Remove("/a/b").error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(files.Remove("/a/b/f").ok());
  EXPECT_EQ(ReadWholeFile(files, "/a/g", 100).value(), "text");
  const FileBytes mapped = files.Map("/a/g").value();
  ASSERT_TRUE(RemoveTree(files, "/a").ok());
  EXPECT_EQ(static_cast<char>(mapped.bytes[0]), 't');
  EXPECT_THAT(files.List("/").value(), IsEmpty());
  auto first = files.Lock("/lock");
  EXPECT_EQ(files.Lock("/lock").error().kind, ErrorKind::kConflict);
  first = Error::Invalid("", "");
  EXPECT_TRUE(files.Lock("/lock").ok());
  EXPECT_THAT(files.List("/").value(), ElementsAre("lock"));
}

}  // namespace
}  // namespace atelier
