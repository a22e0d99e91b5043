#include "knowledge/corpus/corpus_export.h"

#include <gtest/gtest.h>

#include <map>

#include "base/io/sim_files.h"
#include "knowledge/corpus/corpus_testing.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {
namespace {

TextSpan SpanOf(const Json& json) { return {*json[0].AsInt64(), *json[1].AsInt64()}; }

// What the lines say of documents, as it would be put into a corpus again.
std::vector<IndexedDocument> DocumentsOf(const std::vector<Json>& lines) {
  std::map<std::string, std::vector<IndexedDocument::Part>> parts;
  std::vector<IndexedDocument> documents;
  for (const Json& line : lines) {
    if (line["kind"] == Json("chunk")) {
      IndexedDocument::Part part;
      part.chunk.span = SpanOf(line["span"]), part.chunk.shown = SpanOf(line["shown"]);
      part.chunk.first_page = static_cast<int32_t>(*line["pages"][0].AsInt64());
      part.chunk.last_page = static_cast<int32_t>(*line["pages"][1].AsInt64());
      for (const Json& heading : line["headings"].items()) part.chunk.heading_path.push_back(heading.AsString());
      part.chunk.context = line["context"].AsString();
      for (const Json& number : line["vector"].items()) part.vector.push_back(static_cast<float>(number.AsDouble()));
      part.hash = line["hash"].AsString();
      parts[line["document"].AsString()].push_back(std::move(part));
      continue;
    }
    IndexedDocument indexed;
    indexed.document.id = line["id"].AsString();
    indexed.source_id = line["source"].AsString();
    indexed.document.title = line["title"].AsString();
    indexed.document.media_type = line["media_type"].AsString();
    indexed.document.attributes = line["attributes"];
    indexed.document.text = line["text"].AsString();
    const Json& file = line["file"];
    indexed.source = {.size = *file["bytes"].AsInt64(),
                      .modified_ns = *file["modified_ns"].AsInt64(),
                      .hashed_ns = *file["hashed_ns"].AsInt64(),
                      .sha256 = file["sha256"].AsString()};
    indexed.parts = parts[indexed.document.id];
    documents.push_back(std::move(indexed));
  }
  return documents;
}

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

TEST(CorpusExport, ItCarriesAllThatTheCorpusHolds) {
  SimFiles files;
  LocalCorpusOptions options;
  options.embedder = "e", options.dimensions = 2;
  const auto corpus = LocalCorpus::Open(files, "/a", options).value();
  ASSERT_TRUE(corpus->Replace({"a.zip"}, {ExampleDocument("a.zip!/b.md"), ExampleDocument("a.zip!/c.md")}).ok());
  const std::vector<Json> lines = LinesOf(*corpus, true);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[1]["text"].AsString(), "second");
  EXPECT_EQ(lines[4]["kind"].AsString(), "document");
  const auto copy = LocalCorpus::Open(files, "/b", options).value();
  ASSERT_TRUE(copy->Replace({}, DocumentsOf(lines)).ok());
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

}  // namespace
}  // namespace atelier
