// Vector stores over a real database and real corpora of words; time is the test's.
#include "app/vector_stores.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "app/vector_store_corpora.h"

namespace atelier {
namespace {

namespace fs = std::filesystem;

class VectorStoresTest : public ::testing::Test {
 protected:
  VectorStoresTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Reopen();
  }
  ~VectorStoresTest() override {
    Close();
    fs::remove_all(folder_);
  }
  void Close() { corpora_.reset(), library_.reset(), stores_.reset(), database_.reset(); }
  // As by a restart.
  void Reopen() {
    Close();
    auto database = Database::Open((folder_ / "atelier.db").string());
    CHECK_MSG(database.ok(), database.ok() ? "" : database.error().Message());
    database_ = std::move(*database);
    auto stores = VectorStores::Open(*database_, clock_);
    CHECK(stores.ok());
    stores_ = std::move(*stores);
    library_ =
        std::make_unique<CorpusLibrary>(Files::Real(), (folder_ / "corpora").string(), std::vector<CorpusConfig>());
    corpora_ = std::make_unique<VectorStoreCorpora>(*stores_, *library_);
  }

  static VectorStoreFile FileOf(const std::string& id) {
    VectorStoreFile file;
    file.id = id, file.filename = id + ".txt";
    return file;
  }
  std::string Make(std::vector<VectorStoreFile> files = {}, std::optional<int64_t> days = {}) {
    VectorStore store;
    store.name = "s";
    store.expires_after_days = days;
    const auto made = stores_->Create(std::move(store), std::move(files));
    CHECK_MSG(made.ok(), made.ok() ? "" : made.error().Message());
    return made->id;
  }
  VectorStoreFile Get(const std::string& store, const std::string& id) {
    auto file = stores_->GetFile(store, id);
    CHECK_MSG(file.ok(), file.ok() ? "" : file.error().Message());
    return std::move(*file);
  }
  // A file of one chunk.
  bool Put(const VectorStoreFile& file, const std::string& text) {
    VectorStoreCorpora::Ingested ingested;
    ingested.prepared.source_id = file.id;
    IndexedDocument document;
    document.source_id = file.id;
    document.document.id = DocumentIdOf(file);
    document.document.text = text;
    IndexedDocument::Part part;
    part.chunk.span = part.chunk.shown = {0, static_cast<int64_t>(text.size())};
    document.parts.push_back(part);
    ingested.prepared.documents.push_back(std::move(document));
    ingested.usage_bytes = static_cast<int64_t>(text.size());
    const Result<bool> put = corpora_->Put(file, std::move(ingested));
    CHECK_MSG(put.ok(), put.ok() ? "" : put.error().Message());
    return *put;
  }
  size_t NumFound(const std::string& store, const std::string& words, const Filter& filter = {}) {
    const auto corpus = corpora_->Open(store);
    CHECK_MSG(corpus.ok(), corpus.ok() ? "" : corpus.error().Message());
    CorpusQuery query;
    query.text = words;
    query.filter = filter;
    const auto found = (*corpus)->corpus->Search(query);
    CHECK(found.ok());
    return found->size();
  }
  bool HasFolder(const std::string& store) { return fs::exists(folder_ / "corpora" / store); }

  const fs::path folder_ = fs::temp_directory_path() / ("vector_stores_test_" + std::to_string(getpid()));
  ManualClock clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<VectorStores> stores_;
  std::unique_ptr<CorpusLibrary> library_;
  std::unique_ptr<VectorStoreCorpora> corpora_;
};

constexpr std::chrono::hours kDay{24};

TEST_F(VectorStoresTest, AStoreExpiresWhenNobodyHasUsedItForItsDays) {
  const std::string id = Make({FileOf("file-1"), FileOf("file-2")}, 2);
  EXPECT_TRUE(Put(Get(id, "file-1"), "towers"));
  clock_.Advance(kDay);
  ASSERT_TRUE(stores_->Touch(id).ok());
  clock_.Advance(kDay + kDay / 2);
  ASSERT_TRUE(corpora_->Finish().ok());
  EXPECT_EQ(NumFound(id, "towers"), 1U);  // it was used a day and a half ago
  clock_.Advance(kDay);
  EXPECT_TRUE(stores_->Get(id)->expired);
  EXPECT_EQ(corpora_->Open(id).error().code, "vector_store_expired");
  EXPECT_TRUE(HasFolder(id));
  ASSERT_TRUE(corpora_->Finish().ok());
  EXPECT_FALSE(HasFolder(id));
  const auto expired = stores_->Get(id);
  EXPECT_TRUE(expired->expired);
  EXPECT_EQ(expired->files.cancelled, 1);  // the one nobody had read
  EXPECT_EQ(expired->files.completed, 1);
  EXPECT_EQ(expired->usage_bytes, 0);
  EXPECT_EQ(stores_->Attach(id, {FileOf("file-3")}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(stores_->Update(id, {}).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(corpora_->RemoveStore(id).ok());
  EXPECT_EQ(stores_->Get(id).error().kind, ErrorKind::kNotFound);
}

TEST_F(VectorStoresTest, WorkOnAFileThatWasRemovedOrAttachedAgainIsVoid) {
  const std::string id = Make({FileOf("file-1"), FileOf("file-2")});
  const VectorStoreFile first = Get(id, "file-1"), second = Get(id, "file-2");
  ASSERT_TRUE(corpora_->RemoveFile(id, "file-1").ok());
  EXPECT_FALSE(Put(first, "towers"));
  ASSERT_TRUE(stores_->Attach(id, {FileOf("file-2")}).ok());
  EXPECT_FALSE(Put(second, "bridges"));
  ASSERT_TRUE(corpora_->Fail(second, "server_error", "late").ok());
  EXPECT_EQ(Get(id, "file-2").status, "in_progress");
  EXPECT_TRUE(Put(Get(id, "file-2"), "bridges"));
  EXPECT_EQ(NumFound(id, "towers"), 0U);
  EXPECT_EQ(NumFound(id, "bridges"), 1U);
}

TEST_F(VectorStoresTest, AFileThatFailsTheSecondTimeIsNotFoundAnyMore) {
  const std::string id = Make({FileOf("file-1")});
  EXPECT_TRUE(Put(Get(id, "file-1"), "towers"));
  ASSERT_TRUE(stores_->Attach(id, {FileOf("file-1")}).ok());
  EXPECT_EQ(NumFound(id, "towers"), 1U);
  ASSERT_TRUE(corpora_->Fail(Get(id, "file-1"), "invalid_file", "broken").ok());
  EXPECT_EQ(NumFound(id, "towers"), 0U);
  EXPECT_EQ(Get(id, "file-1").error_code, "invalid_file");
}

TEST_F(VectorStoresTest, AttributesHoldFromTheNextSearchOn) {
  const std::string id = Make({FileOf("file-1")});
  const Json red = Json::Object({{"colour", "red"}}), blue = Json::Object({{"colour", "blue"}});
  ASSERT_TRUE(corpora_->SetAttributes(id, "file-1", red).ok());  // in progress: taken when it is put
  EXPECT_TRUE(Put(Get(id, "file-1"), "towers"));
  Filter is_red;
  is_red.op = Filter::Op::kEq, is_red.key = "colour", is_red.values = {Json("red")};
  EXPECT_EQ(NumFound(id, "towers", is_red), 1U);
  ASSERT_TRUE(stores_->Attach(id, {FileOf("file-1")}).ok());  // what is found until it is read again, too
  ASSERT_TRUE(corpora_->SetAttributes(id, "file-1", blue).ok());
  EXPECT_EQ(NumFound(id, "towers", is_red), 0U);
  EXPECT_EQ(NumFound(id, "towers"), 1U);
  EXPECT_EQ(Get(id, "file-1").attributes, blue);
}

TEST_F(VectorStoresTest, WhatACrashLeftIsFinished) {
  const std::string id = Make({FileOf("file-1"), FileOf("file-2")}), other = Make({FileOf("file-3")});
  for (const char* file : {"file-1", "file-2"}) EXPECT_TRUE(Put(Get(id, file), "towers"));
  EXPECT_TRUE(Put(Get(other, "file-3"), "towers"));
  // As if the crash had come right behind the rows' commits.
  ASSERT_TRUE(stores_->MarkFileRemoving(id, "file-1").ok());
  ASSERT_TRUE(stores_->MarkRemoving(other).ok());
  Reopen();
  EXPECT_EQ(stores_->GetFile(id, "file-1").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(stores_->Get(other).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(stores_->Get(id)->files.total(), 1);
  ASSERT_TRUE(corpora_->Finish().ok());
  EXPECT_EQ(NumFound(id, "towers"), 1U);
  EXPECT_FALSE(HasFolder(other));
  EXPECT_TRUE(stores_->RemovingFiles()->empty());
  EXPECT_TRUE(stores_->Removing()->empty());
}

TEST_F(VectorStoresTest, ACancelledBatchLeavesWhatIsIn) {
  const std::string id = Make();
  const auto batch = stores_->AttachBatch(id, {FileOf("file-1"), FileOf("file-2")});
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->status(), "in_progress");
  EXPECT_TRUE(Put(Get(id, "file-1"), "towers"));
  const VectorStoreFile late = Get(id, "file-2");
  const auto cancelled = corpora_->CancelBatch(id, batch->id);
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ(cancelled->status(), "cancelled");
  EXPECT_EQ(cancelled->files.completed, 1);
  EXPECT_EQ(cancelled->files.cancelled, 1);
  EXPECT_FALSE(Put(late, "towers"));
  EXPECT_EQ(NumFound(id, "towers"), 1U);
  EXPECT_EQ(corpora_->CancelBatch(id, batch->id).error().kind, ErrorKind::kConflict);
}

TEST_F(VectorStoresTest, ACancelledBatchLeavesNothingOfWhatItsFilesWereBefore) {
  const std::string id = Make({FileOf("file-1"), FileOf("file-2")});
  for (const char* file : {"file-1", "file-2"}) EXPECT_TRUE(Put(Get(id, file), "towers"));
  const auto batch = stores_->AttachBatch(id, {FileOf("file-1")});
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(NumFound(id, "towers"), 2U);  // until it is read again
  ASSERT_TRUE(corpora_->CancelBatch(id, batch->id).ok());
  EXPECT_EQ(Get(id, "file-1").status, "cancelled");
  EXPECT_EQ(NumFound(id, "towers"), 1U);
}

TEST_F(VectorStoresTest, AStoreTakesOnlySoManyFiles) {
  std::vector<VectorStoreFile> files;
  for (int64_t i = 0; i <= kMaxFilesOfStore; ++i) files.push_back(FileOf("file-" + std::to_string(i)));
  const std::string id = Make();
  EXPECT_EQ(stores_->Attach(id, files).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(stores_->Get(id)->files.total(), 0);
  files.pop_back();
  EXPECT_TRUE(stores_->Attach(id, files).ok());
  EXPECT_LT(stores_->PendingFiles()->size(), files.size());  // in pieces
}

TEST(PassageFile, IsReadFromTheDocumentsId) {
  VectorStoreFile file;
  file.id = "file-7", file.filename = "a/b!c.zip";
  EXPECT_EQ(DocumentIdOf(file), "file-7/a_b!c.zip");
  const PassageFile member = FileOfDocument("file-7/x.zip!/in/side.md");
  EXPECT_EQ(member.id, "file-7");
  EXPECT_EQ(member.filename, "x.zip");
  const PassageFile other = FileOfDocument("docs/tour.md");  // of a corpus of a folder
  EXPECT_EQ(other.id, "docs/tour.md");
  EXPECT_EQ(other.filename, "tour.md");
}

}  // namespace
}  // namespace atelier
