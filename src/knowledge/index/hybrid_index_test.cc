#include "knowledge/index/hybrid_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/io/sim_files.h"
#include "knowledge/index/index_copy.h"
#include "knowledge/index/index_testing.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kFolder = "/home/index";

IndexRecord Record(std::string id, std::string body, std::vector<float> vector = {}, std::string attributes = "{}",
                   std::string payload = "") {
  return {.id = std::move(id),
          .texts = {{"body", std::move(body)}},
          .vector = std::move(vector),
          .attributes = Json::Parse(attributes).value(),
          .payload = std::move(payload)};
}

class HybridIndexTest : public testing::Test {
 protected:
  HybridIndexTest() { Open(); }

  void Open() { Open({.in_background = false}); }
  void Open(IndexOptions options) {
    index_.reset();
    auto opened = HybridIndex::Open(files_, std::string(kFolder), TestSchema(), options);
    ASSERT_TRUE(opened.ok()) << opened.error().Message();
    index_ = *std::move(opened);
  }
  void Put(std::vector<IndexRecord> records) {
    const auto done = index_->Apply({.removed = {}, .put = std::move(records)});
    ASSERT_TRUE(done.ok()) << done.error().Message();
  }
  void Remove(std::vector<std::string> ids) { ASSERT_TRUE(index_->Apply({.removed = std::move(ids), .put = {}}).ok()); }
  std::vector<std::string> Words(const std::string& text, Filter filter = {}, Filter visible = {}) {
    IndexQuery query;
    query.text = text;
    query.filter = std::move(filter);
    query.visible = std::move(visible);
    std::vector<std::string> ids;
    const IndexHits hits = index_->Search(query).value();
    for (const IndexHit& hit : hits.by_text) ids.push_back(hit.id);
    return ids;
  }
  std::vector<std::string> Near(std::vector<float> vector) {
    IndexQuery query;
    query.vector = std::move(vector);
    std::vector<std::string> ids;
    const IndexHits hits = index_->Search(query).value();
    for (const IndexHit& hit : hits.by_vector) ids.push_back(hit.id);
    return ids;
  }
  std::vector<std::string> Ids(Filter filter = {}) { return index_->List(filter, {}, "", 100).value(); }
  bool FolderHolds(std::string_view canary) {
    const std::vector<std::string> names = files_.List(std::string(kFolder)).value();
    for (const std::string& name : names) {
      if (ReadWholeFile(files_, JoinPath(kFolder, name), 1 << 30).value().find(canary) != std::string::npos)
        return true;
    }
    return false;
  }
  std::string FileNamed(std::string_view prefix) {
    const std::vector<std::string> names = files_.List(std::string(kFolder)).value();
    for (const std::string& name : names) {
      if (name.starts_with(prefix)) return JoinPath(kFolder, name);
    }
    return "";
  }

  SimFiles files_;
  std::unique_ptr<HybridIndex> index_;
};

TEST_F(HybridIndexTest, FindsByWordsVectorsAndAttributesAtOnceAndAfterEveryStep) {
  const auto check = [this](const char* when) {
    EXPECT_THAT(Words("river"), ElementsAre("a", "b")) << when;
    EXPECT_THAT(Near({1, 0, 0, 0}), ElementsAre("b", "a")) << when;
    EXPECT_THAT(Ids(Filter::Compare(Filter::Op::kGte, "year", 2024)), ElementsAre("b")) << when;
    EXPECT_THAT(Words("river", Filter::Compare(Filter::Op::kLt, "year", 2024)), ElementsAre("a")) << when;
    const auto got = index_->Get("a", {}).value();
    EXPECT_EQ(got->payload, "payload of a") << when;
    EXPECT_THAT(got->texts, ElementsAre(FieldText{"body", "river river bank"})) << when;
    EXPECT_EQ(got->attributes.Dump(), R"({"year":2023})") << when;
    EXPECT_EQ(index_->GetPayload("a", 8, 10, {}).value(), "of") << when;
    EXPECT_EQ(index_->GetPayload("a", 11, 1000, {}).value(), "a") << when;
    EXPECT_FALSE(index_->Get("c", {}).value().has_value()) << when;
  };
  Put({Record("a", "river river bank", {0, 1, 0, 0}, R"({"year":2023})", "payload of a")});
  Put({Record("b", "river of gold", {1, 0.1F, 0, 0}, R"({"year":2024})")});
  check("in memory");
  Open();
  check("from the log");
  ASSERT_TRUE(index_->Flush().ok());
  check("flushed");
  EXPECT_EQ(index_->Stats().value().num_memory_segments, 0);
  EXPECT_EQ(FileNamed("log-"), "");
  Open();
  check("opened again");
}

TEST_F(HybridIndexTest, PuttingAgainReplacesAndRemovingRemovesWhereverTheRecordIs) {
  Put({Record("a", "old words"), Record("b", "stays")});
  ASSERT_TRUE(index_->Flush().ok());
  Put({Record("a", "new text")});
  EXPECT_THAT(Words("old"), IsEmpty());
  EXPECT_THAT(Words("new"), ElementsAre("a"));
  Open();
  EXPECT_THAT(Words("old"), IsEmpty());
  ASSERT_TRUE(index_->Flush().ok());
  Remove({"a", "nothing"});
  EXPECT_THAT(Ids(), ElementsAre("b"));
  Open();
  EXPECT_THAT(Ids(), ElementsAre("b"));
  ASSERT_TRUE(index_->Flush().ok());
  Open();
  EXPECT_THAT(Ids(), ElementsAre("b"));
  EXPECT_EQ(index_->Stats().value().num_records, 1);
}

TEST_F(HybridIndexTest, OfOneIdTwiceInABatchTheLaterStaysAndRemovalComesFirst) {
  Put({Record("a", "one")});
  ASSERT_TRUE(
      index_->Apply({.removed = {"a"}, .put = {Record("a", "two"), Record("b", "x"), Record("a", "three")}}).ok());
  EXPECT_THAT(Words("two"), IsEmpty());
  EXPECT_THAT(Words("three"), ElementsAre("a"));
  EXPECT_THAT(Ids(), ElementsAre("a", "b"));
}

TEST_F(HybridIndexTest, ABatchWithAFaultChangesNothingAndSaysWhere) {
  auto bad = index_->Apply({.removed = {}, .put = {Record("a", "x"), {.id = "b", .texts = {{"tail", "x"}}}}});
  EXPECT_EQ(bad.error().Message(), "record b: texts: got the field 'tail', which the index has not");
  EXPECT_THAT(index_->Apply({.put = {Record("a", "x", {1, 2})}}).error().Message(),
              HasSubstr("record a: vector: got 2 numbers"));
  EXPECT_THAT(index_->Apply({.put = {Record("", "x")}}).error().Message(), HasSubstr("id: got 0 bytes"));
  EXPECT_THAT(index_->Apply({.put = {Record("a", "x", {}, R"({"k":{}})")}}).error().Message(),
              HasSubstr("record a: attributes.k: got an object"));
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(HybridIndexTest, ManySmallCommitsBecomeFewSegments) {
  IndexModel model;
  Random random(3);
  Open({.flush_bytes = 20'000, .in_background = false});
  for (uint64_t i = 0; i < 400; ++i) {
    IndexBatch batch;
    batch.put.push_back(RandomRecord(random, "r" + std::to_string(random.Below(150)), i));
    if (i % 5 == 0) batch.removed.push_back("r" + std::to_string(random.Below(150)));
    model.Apply(batch);
    ASSERT_TRUE(index_->Apply(std::move(batch)).ok());
  }
  EXPECT_EQ(model.Difference(*index_), "");
  EXPECT_GT(index_->Stats().value().num_segments, 0);
  EXPECT_LT(index_->Stats().value().num_segments + index_->Stats().value().num_memory_segments, 20);
  Open();
  EXPECT_EQ(model.Difference(*index_), "");
  ASSERT_TRUE(index_->Compact().ok());
  EXPECT_EQ(model.Difference(*index_), "");
  EXPECT_EQ(index_->Stats().value().num_deleted, 0);
}

TEST_F(HybridIndexTest, AfterDeletingAndCompactingNoFileHoldsAnyOfIt) {
  const std::string canary = "xylophonecanary";
  const std::string text = canary + "text", payload = canary + "payload",
                    attributes = R"({")" + canary + R"(":")" + canary + "\"}";
  Put({Record(canary + "id", text, {1, 2, 3, 4}, attributes, payload), Record("other", "stays")});
  EXPECT_TRUE(FolderHolds(canary));
  ASSERT_TRUE(index_->Flush().ok());
  EXPECT_TRUE(FolderHolds(canary));
  Put({Record(canary + "second", text)});
  Remove({canary + "id", canary + "second"});
  ASSERT_TRUE(index_->Compact().ok());
  EXPECT_FALSE(FolderHolds(canary));
  EXPECT_THAT(Ids(), ElementsAre("other"));
  Remove({"other"});
  ASSERT_TRUE(index_->Compact().ok());
  Open();
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(HybridIndexTest, AnotherSchemaOrAnotherProcessIsRefusedByName) {
  IndexSchema other = TestSchema();
  other.embedder = "bge";
  EXPECT_EQ(HybridIndex::Open(files_, std::string(kFolder), TestSchema()).error().kind, ErrorKind::kConflict);
  index_.reset();
  const Error error = HybridIndex::Open(files_, std::string(kFolder), other).error();
  EXPECT_EQ(error.kind, ErrorKind::kConflict);
  EXPECT_EQ(error.Message(), "/home/index: embedder: the index was made with 'test', got 'bge'");
  EXPECT_EQ(HybridIndex::OpenExisting(files_, std::string(kFolder)).value()->schema().embedder, "test");
  EXPECT_EQ(HybridIndex::OpenExisting(files_, "/home/none").error().kind, ErrorKind::kNotFound);
}

TEST_F(HybridIndexTest, ADamagedSegmentIsSetAsideAndItsIdsAreTold) {
  Put({Record("a", "river"), Record("b", "river")});
  Remove({"b"});
  ASSERT_TRUE(index_->Flush().ok());
  Put({Record("c", "river")});
  ASSERT_TRUE(index_->Flush().ok());
  const std::string first = FileNamed("seg-");
  files_.FlipBit(first, files_.Stat(first).value().size - 2, 4);
  Open();
  EXPECT_THAT(Ids(), ElementsAre("c"));
  EXPECT_THAT(Words("river"), ElementsAre("c"));
  auto problems = index_->Problems().value();
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].what, HasSubstr("checksum"));
  EXPECT_THAT(problems[0].file, HasSubstr("aside-seg"));
  EXPECT_THAT(problems[0].ids, ElementsAre("a"));
  Open();
  EXPECT_THAT(index_->Problems().value(), SizeIs(1));
  Put({Record("a", "again")});
  EXPECT_THAT(index_->Problems().value()[0].ids, IsEmpty());
  ASSERT_TRUE(index_->DiscardAside().ok());
  EXPECT_EQ(FileNamed("aside"), "");
  Open();
  EXPECT_THAT(index_->Problems().value(), IsEmpty());
}

TEST_F(HybridIndexTest, VerifyFindsWhatWasFlippedWhileItIsOpen) {
  Put({Record("a", "river")});
  ASSERT_TRUE(index_->Flush().ok());
  EXPECT_THAT(index_->Verify().value(), IsEmpty());
  // A simulated map is a copy, so the bit is seen by the one that is opened after it flipped.
  const std::string segment = FileNamed("seg-");
  files_.FlipBit(segment, files_.Stat(segment).value().size - 2, 4);
  Open({.verify_bytes = 0, .in_background = false});
  Put({Record("b", "river")});
  EXPECT_THAT(index_->Verify().value(), SizeIs(1));
  EXPECT_THAT(Ids(), ElementsAre("b"));
}

TEST_F(HybridIndexTest, AMissingSegmentAndADamagedManifestAreTold) {
  Put({Record("a", "river")});
  ASSERT_TRUE(index_->Flush().ok());
  Put({Record("b", "river")});
  ASSERT_TRUE(files_.Remove(FileNamed("seg-")).ok());
  files_.FlipBit(JoinPath(kFolder, "MANIFEST"), 40, 1);
  Open();
  EXPECT_THAT(Ids(), ElementsAre("b"));
  EXPECT_THAT(index_->Problems().value(), SizeIs(2));
}

TEST_F(HybridIndexTest, DamageWithinTheLogIsToldAndTheRestKept) {
  Put({Record("a", "river")});
  const int64_t begin = files_.Stat(FileNamed("log-")).value().size;
  Put({Record("b", "river")});
  Put({Record("c", "river")});
  files_.FlipBit(FileNamed("log-"), begin + 30, 1);
  Open();
  EXPECT_THAT(Ids(), ElementsAre("a", "c"));
  EXPECT_THAT(index_->Problems().value(), SizeIs(1));
  EXPECT_NE(FileNamed("aside-log"), "");
  Open();
  EXPECT_THAT(Ids(), ElementsAre("a", "c"));
  EXPECT_THAT(index_->Problems().value(), SizeIs(1));
}

TEST_F(HybridIndexTest, ASnapshotIsAnIndexOfThatMoment) {
  Put({Record("a", "river")});
  ASSERT_TRUE(index_->Flush().ok());
  Remove({"a"});
  Put({Record("b", "river")});
  ASSERT_TRUE(index_->Snapshot("/home/snapshot").ok());
  EXPECT_EQ(index_->Snapshot("/home/snapshot").error().kind, ErrorKind::kConflict);
  Put({Record("c", "river")});
  ASSERT_TRUE(index_->Compact().ok());
  auto copy = HybridIndex::OpenExisting(files_, "/home/snapshot").value();
  EXPECT_THAT(copy->List({}, {}, "", 10).value(), ElementsAre("b"));
  ASSERT_TRUE(copy->Apply({.put = {Record("d", "river")}}).ok());
  EXPECT_THAT(Ids(), ElementsAre("b", "c"));
}

TEST_F(HybridIndexTest, FacetsCountWhatMatchesAndListAndCountAgree) {
  Put({Record("a", "river", {}, R"({"lang":"en","tags":["x","y"]})"),
       Record("b", "river", {}, R"({"lang":"de","tags":["x"]})")});
  ASSERT_TRUE(index_->Flush().ok());
  Put({Record("c", "river", {}, R"({"lang":"en"})"), Record("d", "ocean", {}, R"({"lang":"en","n":1})")});
  IndexQuery query;
  query.text = "river";
  query.facets = {"lang", "tags", "none"};
  const auto hits = index_->Search(query).value();
  EXPECT_EQ(hits.num_matching_text, 3);
  ASSERT_THAT(hits.facets, SizeIs(3));
  ASSERT_THAT(hits.facets[0].values, SizeIs(2));
  EXPECT_EQ(hits.facets[0].values[0].value.AsString(), "en");
  EXPECT_EQ(hits.facets[0].values[0].count, 2);
  EXPECT_EQ(hits.facets[1].values[0].count, 2);
  EXPECT_THAT(hits.facets[2].values, IsEmpty());
  EXPECT_EQ(index_->Count(Filter::Compare(Filter::Op::kEq, "lang", "en"), {}).value(), 3);
  EXPECT_THAT(index_->List({}, {}, "a", 2).value(), ElementsAre("b", "c"));
  EXPECT_THAT(index_->List({}, Filter::Compare(Filter::Op::kEq, "lang", "de"), "", 9).value(), ElementsAre("b"));
}

TEST_F(HybridIndexTest, ExportGivesEveryRecordInOrder) {
  Put({Record("b", "x", {1, 0, 0, 0}, R"({"n":1})", "text")});
  ASSERT_TRUE(index_->Flush().ok());
  Put({Record("a", "y", {}, "{}", "\xFF")});
  std::vector<std::string> lines;
  ASSERT_TRUE(index_
                  ->Export([&](const Json& record) -> Result<void> {
                    lines.push_back(record.Dump());
                    return {};
                  })
                  .ok());
  EXPECT_THAT(
      lines,
      ElementsAre(
          R"({"id":"a","texts":[{"field":"body","text":"y"}],"attributes":{},"payload_base64":"/w=="})",
          R"({"id":"b","texts":[{"field":"body","text":"x"}],"attributes":{"n":1},"payload":"text","vector":[1,0,0,0]})"));
}

TEST_F(HybridIndexTest, DifferencesAreCopiedWithOtherVectorsUntilThereAreNone) {
  IndexSchema other = TestSchema();
  other.embedder = "other";
  other.dimensions = 2;
  auto target = HybridIndex::Open(files_, "/home/next", other, {.in_background = false}).value();
  Put({Record("a", "one", {1, 2, 3, 4}), Record("b", "two"), Record("c", "three")});
  int num_embedded = 0;
  const auto copy = [&](int64_t max_records) {
    CopyStep step = NextCopyStep(*index_, *target, max_records).value();
    for (IndexRecord& record : step.batch.put) record.vector = {3, 4};
    num_embedded += static_cast<int>(step.batch.put.size());
    EXPECT_TRUE(target->Apply(std::move(step.batch)).ok());
    return step.num_left;
  };
  EXPECT_EQ(copy(2), 1);
  Put({Record("a", "changed")});
  Remove({"b"});
  EXPECT_EQ(copy(10), 0);
  EXPECT_EQ(copy(10), 0);
  EXPECT_EQ(num_embedded, 4);
  EXPECT_THAT(target->List({}, {}, "", 9).value(), ElementsAre("a", "c"));
  EXPECT_EQ(target->Get("a", {}).value()->texts[0].text, "changed");
  EXPECT_THAT(*target->GetVector("a").value(), ElementsAre(0.6F, 0.8F));
}

}  // namespace
}  // namespace atelier
