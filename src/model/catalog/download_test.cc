#include "model/catalog/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/io/sha256.h"
#include "base/random.h"
#include "model/catalog/loopback_hub.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPath = "/org/repo/resolve/0123456789abcdef0123456789abcdef01234567/model.gguf";

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() {
    std::string name = testing::TempDir() + "atelier_download_XXXXXX";
    folder_ = mkdtemp(name.data());
    Random random(7);
    for (int i = 0; i < 1'000'000; ++i) content_ += static_cast<char>(random.Next32());
    hub_.Add("org/repo", "model.gguf", content_, true);
  }
  ~DownloadTest() override { EXPECT_TRUE(RemoveTree(files_, folder_).ok()); }

  DownloadSpec Spec() {
    DownloadSpec spec{.url = hub_.url() + std::string(kPath), .path = JoinPath(folder_, "model.gguf")};
    spec.size = static_cast<int64_t>(content_.size());
    spec.sha256 = Sha256Hex(content_);
    spec.content_id = spec.sha256;
    spec.retry_delay = std::chrono::milliseconds(1);
    return spec;
  }
  void ExpectWhole() {
    EXPECT_TRUE(ReadWholeFile(files_, JoinPath(folder_, "model.gguf"), 2'000'000).value() == content_);
    EXPECT_THAT(files_.List(folder_).value(), ElementsAre("model.gguf"));
  }

  Files& files_ = Files::Real();
  std::string folder_;
  std::string content_;
  LoopbackHub hub_;
  HttpClient http_;
};

TEST_F(DownloadTest, BringsTheFileWholeAndLeavesNothingBesideIt) {
  int64_t last = 0;
  DownloadSpec spec = Spec();
  spec.progress = [&](const PullProgress& progress) {
    EXPECT_GE(progress.bytes, last);
    EXPECT_EQ(progress.total_bytes, 1'000'000);
    last = progress.bytes;
  };
  const auto done = Download(http_, files_, spec).value();
  EXPECT_EQ(done.size, 1'000'000);
  EXPECT_EQ(done.sha256, Sha256Hex(content_));
  EXPECT_EQ(last, 1'000'000);
  ExpectWhole();
}

TEST_F(DownloadTest, FollowsRedirects) {
  hub_.SetFaults({.redirect = true});
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
}

TEST_F(DownloadTest, CutConnectionsAreTakenUpWhereTheyEnded) {
  hub_.SetFaults({.cut_after = 300'000, .num_cuts = 3});
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
  const auto requests = hub_.Requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_THAT(requests[1], HasSubstr("bytes=300000-"));
  EXPECT_THAT(requests[3], HasSubstr("bytes=900000-"));
}

TEST_F(DownloadTest, LaterCallResumesWhatAnEarlierOneLeft) {
  DownloadSpec spec = Spec();
  spec.max_attempts = 1;
  hub_.SetFaults({.cut_after = 0, .num_cuts = 100});
  EXPECT_FALSE(Download(http_, files_, spec).ok());
  std::stop_source stop;
  spec.stop = stop.get_token();
  hub_.SetFaults({.cut_after = 400'000, .num_cuts = 1});
  spec.progress = [&](const PullProgress& progress) {
    if (progress.stage == PullStage::kNote) stop.request_stop();
  };
  spec.max_attempts = 4;
  EXPECT_EQ(Download(http_, files_, spec).error().kind, ErrorKind::kCancelled);
  hub_.ForgetRequests();
  const auto done = Download(http_, files_, Spec()).value();
  EXPECT_EQ(done.resumed_from, 400'000);
  EXPECT_THAT(hub_.Requests(), ElementsAre(HasSubstr("bytes=400000-")));
  ExpectWhole();
}

TEST_F(DownloadTest, PartsOfOtherContentAreNotContinued) {
  ASSERT_TRUE(WriteAtomically(files_, JoinPath(folder_, "model.gguf.partial"), std::string(400'000, 'x')).ok());
  ASSERT_TRUE(
      WriteAtomically(files_, JoinPath(folder_, "model.gguf.partial.json"), R"({"content_id":"older","etag":""})")
          .ok());
  EXPECT_EQ(Download(http_, files_, Spec()).value().resumed_from, 0);
  ExpectWhole();
}

TEST_F(DownloadTest, FileThatChangedOnTheServerIsFetchedFromItsFirstByte) {
  ASSERT_TRUE(WriteAtomically(files_, JoinPath(folder_, "model.gguf.partial"), std::string(400'000, 'x')).ok());
  const std::string note = R"({"content_id":")" + Sha256Hex(content_) + R"(","etag":"\"another\""})";
  ASSERT_TRUE(WriteAtomically(files_, JoinPath(folder_, "model.gguf.partial.json"), note).ok());
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
}

TEST_F(DownloadTest, ServersThatIgnoreOrFakeRangesDoNoHarm) {
  hub_.SetFaults({.cut_after = 300'000, .num_cuts = 2, .ignore_ranges = true});
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
  ASSERT_TRUE(files_.Remove(JoinPath(folder_, "model.gguf")).ok());
  hub_.SetFaults({.cut_after = 300'000, .num_cuts = 1, .wrong_ranges = true});
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
}

TEST_F(DownloadTest, PartialThatIsDamagedOnDiskIsFetchedAgain) {
  ASSERT_TRUE(WriteAtomically(files_, JoinPath(folder_, "model.gguf.partial"), std::string(400'000, 'x')).ok());
  const std::string note = R"({"content_id":")" + Sha256Hex(content_) + R"(","etag":""})";
  ASSERT_TRUE(WriteAtomically(files_, JoinPath(folder_, "model.gguf.partial.json"), note).ok());
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
}

TEST_F(DownloadTest, CorruptionIsMendedOnceAndThenRefused) {
  hub_.SetFaults({.num_corrupt = 1});
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
  ASSERT_TRUE(files_.Remove(JoinPath(folder_, "model.gguf")).ok());
  hub_.SetFaults({.num_corrupt = 100});
  const auto refused = Download(http_, files_, Spec());
  EXPECT_EQ(refused.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(refused.error().Message(), HasSubstr("SHA-256: got "));
  EXPECT_FALSE(FileExists(files_, JoinPath(folder_, "model.gguf")));
}

TEST_F(DownloadTest, GitBlobIdIsHeldAgainstSmallFiles) {
  DownloadSpec spec = Spec();
  spec.sha256.clear();
  spec.git_blob_id = std::string(40, '0');
  EXPECT_THAT(Download(http_, files_, spec).error().Message(), HasSubstr("git blob: got "));
}

TEST_F(DownloadTest, WrongSizesAreRefused) {
  DownloadSpec spec = Spec();
  spec.size = 999'999;
  EXPECT_THAT(Download(http_, files_, spec).error().Message(), HasSubstr("size: got 1000000 bytes, want 999999"));
  spec.size = 1'000'001;
  EXPECT_EQ(Download(http_, files_, spec).error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(FileExists(files_, spec.path));
}

TEST_F(DownloadTest, StatusesSayWhatToDo) {
  DownloadSpec spec = Spec();
  spec.url += ".not";
  EXPECT_EQ(Download(http_, files_, spec).error().kind, ErrorKind::kNotFound);
  hub_.SetFaults({.need_token = "secret"});
  EXPECT_THAT(Download(http_, files_, Spec()).error().Message(), HasSubstr("HF_TOKEN"));
  spec = Spec();
  spec.headers.Add("Authorization", "Bearer secret");
  EXPECT_TRUE(Download(http_, files_, spec).ok());
}

TEST_F(DownloadTest, BusyServerIsAskedAgain) {
  hub_.SetFaults({.num_unavailable = 2});
  ASSERT_TRUE(Download(http_, files_, Spec()).ok());
  ExpectWhole();
}

TEST_F(DownloadTest, DeadServerIsAnErrorThatNamesIt) {
  DownloadSpec spec = Spec();
  hub_.Stop();
  const auto failed = Download(http_, files_, spec);
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(failed.error().Message(), HasSubstr("127.0.0.1"));
}

}  // namespace
}  // namespace atelier
