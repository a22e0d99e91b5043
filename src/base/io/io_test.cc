#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/io/file_lock.h"
#include "base/io/files.h"
#include "base/io/mapped_file.h"
#include "base/io/sha256.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class IoTest : public testing::Test {
 protected:
  IoTest() {
    std::string name = testing::TempDir() + "atelier_io_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~IoTest() override { EXPECT_TRUE(RemoveTree(files_, folder_).ok()); }

  std::string Path(std::string_view name) const { return JoinPath(folder_, name); }

  Files& files_ = Files::Real();
  std::string folder_;
};

TEST_F(IoTest, WriteAtomicallyReplacesWholeContentAndLeavesNothingBeside) {
  ASSERT_TRUE(WriteAtomically(files_, Path("a"), "first and longer").ok());
  ASSERT_TRUE(WriteAtomically(files_, Path("a"), "second").ok());
  EXPECT_EQ(ReadWholeFile(files_, Path("a"), 100).value(), "second");
  EXPECT_THAT(files_.List(folder_).value(), ElementsAre("a"));
}

TEST_F(IoTest, ReadWholeFileRefusesWhatIsOverTheLimit) {
  ASSERT_TRUE(WriteAtomically(files_, Path("a"), "12345").ok());
  EXPECT_EQ(ReadWholeFile(files_, Path("a"), 4).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(ReadWholeFile(files_, Path("b"), 4).error().kind, ErrorKind::kNotFound);
}

TEST_F(IoTest, FileGrowsByWritesAndShrinksByTruncate) {
  auto file = files_.Open(Path("f"), FileMode::kUpdate).value();
  const std::string text = "abcdef";
  ASSERT_TRUE(file->WriteAt(2, std::as_bytes(std::span(text))).ok());
  EXPECT_EQ(file->Size().value(), 8);
  ASSERT_TRUE(file->Truncate(5).ok());
  std::vector<std::byte> buffer(10);
  EXPECT_EQ(file->ReadAt(0, buffer).value(), 5u);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer.data()), 5), std::string("\0\0abc", 5));
  ASSERT_TRUE(file->Sync().ok());
}

TEST_F(IoTest, RemoveTreeTakesFoldersAndDoesNotFollowLinks) {
  ASSERT_TRUE(files_.MakeFolders(Path("x/y/z")).ok());
  ASSERT_TRUE(files_.MakeFolders(Path("x/y/z")).ok());
  ASSERT_TRUE(files_.MakeFolders(Path("kept")).ok());
  ASSERT_TRUE(WriteAtomically(files_, Path("kept/file"), "1").ok());
  ASSERT_TRUE(WriteAtomically(files_, Path("x/y/file"), "1").ok());
  ASSERT_EQ(symlink(Path("kept").c_str(), Path("x/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(files_, Path("x")).ok());
  EXPECT_FALSE(FileExists(files_, Path("x")));
  EXPECT_TRUE(FileExists(files_, Path("kept/file")));
  EXPECT_TRUE(RemoveTree(files_, Path("never was")).ok());
}

TEST_F(IoTest, ErrorsNameThePathAndTheCause) {
  const auto missing = files_.Open(Path("no/such"), FileMode::kRead);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().Message(), HasSubstr("no/such: open: No such file"));
  EXPECT_EQ(files_.Open(folder_, FileMode::kRead).error().kind, ErrorKind::kInvalid);
  ASSERT_TRUE(files_.MakeFolders(Path("full/inside")).ok());
  EXPECT_EQ(files_.Remove(Path("full")).error().kind, ErrorKind::kConflict);
}

TEST_F(IoTest, MappedFileShowsTheBytesAndKeepsThemWhenMoved) {
  ASSERT_TRUE(WriteAtomically(files_, Path("m"), "mapped").ok());
  auto opened = MappedFile::Open(Path("m")).value();
  const std::byte* data = opened.bytes().data();
  MappedFile moved = std::move(opened);
  EXPECT_EQ(moved.bytes().data(), data);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(data), moved.size()), "mapped");
  moved.WillNeed(0, 1 << 30);
  moved.DontNeed(3, 1);
  moved.WillNeed(1 << 30, 1);
  // What is mapped stays when the name goes to another file.
  ASSERT_TRUE(WriteAtomically(files_, Path("m"), "other!").ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(data), moved.size()), "mapped");
}

TEST_F(IoTest, MappedFileRefusesFoldersAndTakesEmptyFiles) {
  EXPECT_THAT(MappedFile::Open(folder_).error().Message(), HasSubstr("got a folder, want a file"));
  EXPECT_EQ(MappedFile::Open(Path("none")).error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(WriteAtomically(files_, Path("empty"), "").ok());
  EXPECT_EQ(MappedFile::Open(Path("empty")).value().size(), 0u);
}

TEST_F(IoTest, Sha256IsThatOfTheStandardWholeOrInPieces) {
  // FIPS 180-4, appendix B, and the empty message.
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  for (const char* piece : {"a", "", "bc"}) hash.Update(std::string_view(piece));
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("abc"));
  EXPECT_EQ(hash.HexDigest(), Sha256Hex(""));
  std::string large(3'000'001, 'x');
  ASSERT_TRUE(WriteAtomically(files_, Path("large"), large).ok());
  EXPECT_EQ(Sha256OfFile(files_, Path("large")).value(), Sha256Hex(large));
  EXPECT_TRUE(IsSha256Hex(Sha256Hex("x")));
  EXPECT_FALSE(IsSha256Hex("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
  EXPECT_FALSE(IsSha256Hex("abc"));
}

TEST_F(IoTest, GitBlobIdIsWhatGitSays) {
  // printf 'hello\n' | git hash-object --stdin
  ASSERT_TRUE(WriteAtomically(files_, Path("f"), "hello\n").ok());
  EXPECT_EQ(GitBlobIdOfFile(files_, Path("f")).value(), "ce013625030ba8dba906f756967f9e9ca394464a");
}

TEST_F(IoTest, LockIsHeldByOneAtATime) {
  auto first = FileLock::TryLock(Path("lock"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(FileLock::TryLock(Path("lock")).error().kind, ErrorKind::kConflict);
  {
    const FileLock moved = *std::move(first);
  }
  EXPECT_TRUE(FileLock::TryLock(Path("lock")).ok());
}

TEST(Paths, JoinAndSplit) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(FolderOf("a/b"), "a");
  EXPECT_EQ(FolderOf("/b"), "/");
  EXPECT_EQ(FolderOf("b"), ".");
  EXPECT_EQ(NameOf("a/b"), "b");
}

TEST(Paths, OnlyNamesThatStayWithinTheirFolderAreSafe) {
  for (const char* good : {"a", "a/b.gguf", "1_Pooling/config.json", "..a", "a..b/c"}) {
    EXPECT_TRUE(IsSafeRelativePath(good)) << good;
  }
  for (const char* bad : {"", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "../../etc/passwd"}) {
    EXPECT_FALSE(IsSafeRelativePath(bad)) << bad;
  }
  EXPECT_FALSE(IsSafeRelativePath(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace atelier
