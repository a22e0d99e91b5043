#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "knowledge/load/folder_scan.h"
#include "knowledge/load/folder_watch.h"

namespace atelier {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string pattern = fs::temp_directory_path() / "atelier_folder_XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~Folder() override { fs::remove_all(root_); }

  void Write(const std::string& path, std::string_view text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  FolderChanges Scan(const FolderSpec& spec) {
    auto changes = ScanFolder(spec, known_);
    EXPECT_TRUE(changes.ok()) << changes.error().Message();
    return changes.ok() ? *changes : FolderChanges();
  }
  // As a caller keeps what it was told.
  void Keep(const FolderChanges& changes) {
    std::erase_if(known_, [&](const FileState& file) {
      const auto is_it = [&](const FileState& other) { return other.path == file.path; };
      return std::ranges::any_of(changes.changed, is_it) || std::ranges::any_of(changes.touched, is_it) ||
             std::ranges::find(changes.gone, file.path) != changes.gone.end();
    });
    for (const auto* list : {&changes.added, &changes.changed, &changes.touched}) {
      known_.insert(known_.end(), list->begin(), list->end());
    }
  }
  static std::vector<std::string> Paths(const std::vector<FileState>& files) {
    std::vector<std::string> paths;
    for (const FileState& file : files) paths.push_back(file.path);
    return paths;
  }
  FolderSpec Spec() const { return {.folder = root_.string()}; }

  fs::path root_;
  std::vector<FileState> known_;
};

TEST_F(Folder, TellsWhatIsNewChangedTouchedAndGone) {
  Write("a.md", "one");
  Write("b/c.md", "two");
  Write("b/d.md", "three");
  FolderChanges changes = Scan(Spec());
  EXPECT_THAT(Paths(changes.added), ElementsAre("a.md", "b/c.md", "b/d.md"));
  EXPECT_EQ(changes.num_bytes, 11);
  Keep(changes);
  Write("a.md", "eno");  // same size, perhaps within one tick of the clock
  fs::last_write_time(root_ / "b/c.md", fs::file_time_type::clock::now() + std::chrono::hours(1));
  fs::remove(root_ / "b/d.md");
  Write("e.md", "new");
  changes = Scan(Spec());
  EXPECT_THAT(Paths(changes.added), ElementsAre("e.md"));
  EXPECT_THAT(Paths(changes.changed), ElementsAre("a.md"));
  EXPECT_THAT(Paths(changes.touched), ::testing::Contains("b/c.md"));
  EXPECT_THAT(changes.gone, ElementsAre("b/d.md"));
}

TEST_F(Folder, ReadsAgainOnlyWhatDiffersBySizeOrTime) {
  Write("a.md", "one");
  fs::last_write_time(root_ / "a.md", fs::file_time_type::clock::now() - std::chrono::hours(1));
  Keep(Scan(Spec()));
  known_[0].sha256 = "not looked at";
  const FolderChanges changes = Scan(Spec());
  EXPECT_THAT(changes.changed, IsEmpty());
  EXPECT_THAT(changes.touched, IsEmpty());
  EXPECT_EQ(changes.num_files, 1);
}

TEST_F(Folder, GlobsAndHiddenNames) {
  for (const char* path : {"a.md", "a.txt", "x/b.md", "x/build/c.md", ".git/d.md", "x/.e.md"}) Write(path, "x");
  FolderSpec spec = Spec();
  spec.include = {"*.md"};
  spec.exclude = {"**/build"};
  EXPECT_THAT(Paths(Scan(spec).added), ElementsAre("a.md", "x/b.md"));
  spec.include = {"x/**"};
  spec.exclude = {};
  spec.hidden = true;
  EXPECT_THAT(Paths(Scan(spec).added), ElementsAre("x/.e.md", "x/b.md", "x/build/c.md"));
  EXPECT_TRUE(MatchesFolder(spec, "x/build/c.md"));
  EXPECT_FALSE(MatchesFolder(spec, "a.md"));
}

TEST_F(Folder, LinksDoNotLeadOut) {
  Write("in/a.md", "inside");
  const fs::path outside = root_.string() + "_outside";
  fs::create_directories(outside);
  std::ofstream(outside / "secret.md") << "secret";
  fs::create_symlink(outside / "secret.md", root_ / "in/absolute.md");
  fs::create_symlink("../../" + outside.filename().string() + "/secret.md", root_ / "in/relative.md");
  fs::create_directory_symlink(outside, root_ / "in/folder");
  fs::create_directory_symlink(".", root_ / "in/loop");
  fs::create_symlink("a.md", root_ / "in/inside.md");
  fs::create_symlink("nothing", root_ / "in/dangling.md");
  mkfifo((root_ / "in/pipe.md").c_str(), 0600);
  const FolderChanges changes = Scan(Spec());
  EXPECT_THAT(Paths(changes.added), ElementsAre("in/a.md", "in/inside.md"));
  EXPECT_THAT(changes.skipped, IsEmpty());
  for (const char* path : {"in/absolute.md", "in/relative.md", "in/folder/secret.md", "../secret.md", "in/pipe.md"}) {
    EXPECT_FALSE(ReadFileOf(Spec(), path).ok()) << path;
  }
  const auto source = ReadFileOf(Spec(), "in/inside.md");
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->bytes, "inside");
  EXPECT_EQ(source->id, "in/inside.md");
  fs::remove_all(outside);
}

TEST_F(Folder, WhatCannotBeReadIsSkippedAndNotGone) {
  Write("a.md", "one");
  Write("big.md", "0123456789");
  Keep(Scan(Spec()));
  FolderSpec spec = Spec();
  spec.max_file_bytes = 5;
  const FolderChanges changes = Scan(spec);
  ASSERT_EQ(changes.skipped.size(), 1U);
  EXPECT_EQ(changes.skipped[0].Message(), "big.md: got 10 bytes, want at most 5");
  EXPECT_THAT(changes.gone, IsEmpty());
  spec.folder = (root_ / "missing").string();
  EXPECT_EQ(ScanFolder(spec, {}).error().kind, ErrorKind::kNotFound);
}

TEST_F(Folder, WatchTellsOfChangesBelow) {
  Write("a.md", "one");
  Write("b/c.md", "one");
  const WatchTimes times{
      .quiet = milliseconds(20), .longest_burst = milliseconds(2000), .rescan = milliseconds(300'000)};
  auto watch = FolderWatch::Start(Spec(), times);
  ASSERT_TRUE(watch.ok());
  if ((*watch)->num_watches() == 0) GTEST_SKIP() << "the kernel gives no watches";
  // Changes made before Wait are told, too; each is told before the next is made.
  Write("b/c.md", "two");
  EXPECT_EQ((*watch)->Wait({}), FolderWatch::Event::kChanged);
  fs::create_directories(root_ / "new/deep");
  EXPECT_EQ((*watch)->Wait({}), FolderWatch::Event::kChanged);
  Write("new/deep/d.md", "x");
  EXPECT_EQ((*watch)->Wait({}), FolderWatch::Event::kChanged);
  fs::remove(root_ / "a.md");
  EXPECT_EQ((*watch)->Wait({}), FolderWatch::Event::kChanged);
}

TEST_F(Folder, WatchRescansAndStops) {
  const WatchTimes times{.quiet = milliseconds(1), .longest_burst = milliseconds(1), .rescan = milliseconds(1)};
  auto watch = FolderWatch::Start(Spec(), times);
  ASSERT_TRUE(watch.ok());
  EXPECT_EQ((*watch)->Wait({}), FolderWatch::Event::kRescan);
  auto patient = FolderWatch::Start(Spec());
  ASSERT_TRUE(patient.ok());
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_EQ((*patient)->Wait(stop.get_token()), FolderWatch::Event::kStopped);
  stopper.join();
  FolderSpec missing = Spec();
  missing.folder += "/missing";
  EXPECT_FALSE(FolderWatch::Start(missing).ok());
}

}  // namespace
}  // namespace atelier
