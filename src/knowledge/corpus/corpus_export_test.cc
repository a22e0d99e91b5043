#include "knowledge/corpus/corpus_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io/sim_files.h"
#include "knowledge/corpus/corpus_import.h"
#include "knowledge/corpus/corpus_testing.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {
namespace {

std::vector<Json> LinesOf(const LocalCorpus& corpus, bool with_vectors) {
  std::vector<Json> lines;
  const auto exported = ExportCorpus(corpus.index(), with_vectors, [&lines](const Json& line) -> Result<void> {
    auto read = Json::Parse(line.Dump());
    lines.push_back(*std::move(read));
    return {};
  });
  EXPECT_TRUE(exported.ok()) << exported.error().Message();
  return lines;
}

std::string TextOfLines(const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) text += line.Dump() + "\n";
  return text;
}

TEST(CorpusExport, ItCarriesAllThatTheCorpusHolds) {
  SimFiles files;
  LocalCorpusOptions options;
  options.embedder = "e", options.dimensions = 2;
  const auto corpus = LocalCorpus::Open(files, "/a", options).value();
  IndexedDocument summed = ExampleDocument("a.zip!/c.md");
  summed.parts[1].chunk.sums_up = true;
  summed.parts[0].chunk.facts.entities = {{"Ada", "person"}};
  ASSERT_TRUE(corpus->Replace({"a.zip"}, {ExampleDocument("a.zip!/b.md"), std::move(summed)}).ok());
  const std::vector<Json> lines = LinesOf(*corpus, true);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[1]["text"].AsString(), "second");
  EXPECT_EQ(lines[4]["kind"].AsString(), "document");
  const auto copy = LocalCorpus::Open(files, "/b", options).value();
  const Result<ImportCounts> counts = ImportCorpusLines(
      TextOfLines(lines), 2, [&](std::vector<IndexedDocument> documents) { return copy->Replace({}, documents); });
  ASSERT_TRUE(counts.ok()) << counts.error().Message();
  EXPECT_EQ(counts->num_documents, 2);
  EXPECT_EQ(counts->num_chunks, 4);
  EXPECT_EQ(counts->num_vectors, 4);
  std::vector<std::string> want, got;
  const auto write = [](std::vector<std::string>& out) {
    return [&out](const Json& record) -> Result<void> {
      out.push_back(record.Dump());
      return {};
    };
  };
  ASSERT_TRUE(corpus->index().Export(write(want)).ok());
  ASSERT_TRUE(copy->index().Export(write(got)).ok());
  EXPECT_EQ(got, want);
  const std::vector<Json> without = LinesOf(*corpus, false);
  EXPECT_EQ(without[0].Find("vector"), nullptr);
}

// What is said of lines that no export writes.
std::string Refused(const std::string& lines) {
  const auto put = [](std::vector<IndexedDocument>) -> Result<void> { return {}; };
  const Result<ImportCounts> counts = ImportCorpusLines(lines, 2, put);
  return counts.ok() ? "" : counts.error().Message();
}

TEST(CorpusExport, LinesThatAreNoneOfAnExportAreRefusedByName) {
  const std::string document = R"({"kind": "document", "id": "a", "source": "a", "text": "tëa time"})"
                               "\n";
  const auto chunk = [&](const std::string& rest) {
    return document + R"({"kind": "chunk", "document": "a", "index": 0, "text": "t\u00eba", "span": [0, 4], )" + rest +
           "}\n";
  };
  using testing::HasSubstr;
  EXPECT_EQ(Refused(chunk(R"("shown": [0, 9])")), "");
  EXPECT_EQ(Refused(chunk(R"("shown": [0, 9], "vector": [1, 2])")), "");
  EXPECT_EQ(Refused("\n" + document + R"({"kind": "corpus"})"), "") << "another kind is passed over";
  EXPECT_THAT(Refused(chunk(R"("shown": [0, 10])")), HasSubstr("line 2: shown: got [0,10]"));
  EXPECT_THAT(Refused(chunk(R"("shown": [2, 4])")), HasSubstr("whole characters"));
  EXPECT_THAT(Refused(chunk(R"("shown": [1, 9])")), HasSubstr("want one that holds the span"));
  EXPECT_THAT(Refused(chunk(R"("shown": [0, 9], "vector": [1])")), HasSubstr("got 1 numbers, want 2"));
  EXPECT_THAT(Refused(chunk(R"("shown": [0, 9], "vector": [1, 1e300])")), HasSubstr("too large"));
  EXPECT_THAT(Refused(chunk(R"("shown": [0, 9], "pages": [2, 1])")), HasSubstr("line 2: pages"));
  EXPECT_THAT(Refused(chunk(R"("shown": [0, 9], "extras": {"entities": 4})")), HasSubstr("line 2: extras"));
  EXPECT_THAT(Refused(chunk(R"("shown": "all")")), HasSubstr("line 2: shown"));
  EXPECT_THAT(Refused(document + document), HasSubstr("line 2: id: got 'a' again"));
  EXPECT_THAT(Refused(R"({"kind": "chunk", "document": "b"})"), HasSubstr("got 'b', which no line is of"));
  EXPECT_THAT(Refused(document + "{"), HasSubstr("line 2: json"));
  EXPECT_THAT(Refused(R"({"kind": "document", "id": "a", "source": "a", "text": "x", "attributes": {"@kind": "y"}})"),
              HasSubstr("'@kind', our own"));
  std::string other = chunk(R"("shown": [0, 9])");
  other.replace(other.find("t\\u00eba"), 8, "tea!!!!!");
  EXPECT_THAT(Refused(other), HasSubstr("line 2: text: is not what the document says from 0 to 4"));
}

}  // namespace
}  // namespace atelier
